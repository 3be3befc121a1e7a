// The framework asks for computed parts through `require`; Node 24 requires the TypeScript source as it is.
const { ConfigMistake, stackConfig } = require('./config.ts')
const { stackResources } = require('./resources.ts')

module.exports = async ({ resolveVariable }) => {
  const [stage, functions] = await Promise.all(['sls:stage', 'self:functions'].map(resolveVariable))
  const timeouts = Object.entries(functions).map(([name, { timeout }]) => [name, timeout])
  return stackResources(config(), { stage, timeoutSeconds: Object.fromEntries(timeouts) })
}

function config() {
  try {
    return stackConfig()
  } catch (error) {
    if (!(error instanceof ConfigMistake)) throw error
    // Thrown, the user's mistake would be buried in the framework's own error and two stacks. Nothing is written yet.
    console.error(error.message)
    process.exit(1)
  }
}
