// Run in a process of its own with a bundle's path and an event: one invocation, then what it answered, what it took, and the most memory
// that the process had.
const { readFileSync } = require('node:fs')

const [bundle, event] = process.argv.slice(2)

async function main() {
  const { handler } = require(bundle)
  const context = { awsRequestId: 'bench', functionName: 'bench', getRemainingTimeInMillis: () => 300_000 }
  const begunAt = performance.now()
  const report = await handler(JSON.parse(event), context)
  const ms = performance.now() - begunAt
  const { user, system } = process.cpuUsage()
  const cpuMs = (user + system) / 1000
  process.stdout.write(`\n${JSON.stringify({ report, ms, cpuMs, peakKilobytes: peakKilobytes() })}`)
}

// Linux counts in maxRSS what the process was forked from, too.
function peakKilobytes() {
  try {
    const [, peak] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    return Number(peak)
  } catch {
    return process.resourceUsage().maxRSS
  }
}

main()
