/** Takes the place of temporal-polyfill in the bundles of a configuration without freeze windows and hours. */

function missing(): never {
  throw new Error(
    'This bundle was built for a farguard.yml without freeze windows and hours. Build and deploy it again.',
  )
}

export {
  missing as create,
  missing as fromEpochMilliseconds,
  missing as offsetNanoseconds,
  missing as toZonedDateTime,
  missing as toZonedDateTimeISO,
}
