/** Takes the place of re2js in the bundles of a configuration without glob: and regex: policies. */

export const RE2JS = {
  compile(pattern: string): never {
    throw new Error(`${pattern}: this bundle was built for a farguard.yml without patterns. Build and deploy it again.`)
  },
}
