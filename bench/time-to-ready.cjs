// Run in a process of its own with a bundle's path: prints the milliseconds from its import to the answer to an empty batch.
const [bundle] = process.argv.slice(2)

async function main() {
  const begunAt = performance.now()
  const { handler } = require(bundle)
  const context = { awsRequestId: 'bench', functionName: 'bench', getRemainingTimeInMillis: () => 30_000 }
  const answer = await handler({ Records: [] }, context)
  const ms = performance.now() - begunAt
  if (answer.batchItemFailures.length !== 0) throw new Error('An empty batch has no failures.')
  console.log(JSON.stringify({ ms }))
}

main()
