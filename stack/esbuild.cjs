// serverless-esbuild asks for its options through `require`; Node 24 requires the TypeScript source as it is.
const { bundleExtension, esbuildOptions } = require('./esbuild-options.ts')
const { stackConfig } = require('./config.ts')

module.exports = () => ({
  ...esbuildOptions(stackConfig()),
  outputFileExtension: bundleExtension,
  // By default it leaves version 2 of the SDK out, which no longer is in the runtime.
  exclude: [],
  // Bundlers kept for a rebuild are left running when one of them fails: the framework says why and never ends.
  skipRebuild: true,
})
