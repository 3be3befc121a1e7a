/** Reads what commands are called with; what is wrong is said by commander, with exit code 2. */
import { InvalidArgumentError } from 'commander'
import { localAddress } from './local-address.ts'

const tag = /^\w[\w.-]{0,127}$/
const digest = /^sha256:[0-9a-f]{7,64}$/

export function targetName(text: string): string {
  if (/^[a-z0-9-]{1,24}$/.test(text)) return text
  throw new InvalidArgumentError("A target's name has 1 to 24 of a-z, 0-9 and -.")
}

export function imageTag(text: string): string {
  if (tag.test(text)) return text
  throw new InvalidArgumentError('It takes a tag, such as 1.4.2.')
}

export function tagOrDigest(text: string): string {
  if (tag.test(text) || digest.test(text)) return text
  throw new InvalidArgumentError('It takes a tag or a digest, such as sha256:4ac3d2f0; seven of its digits are enough.')
}

/** Words that go on record; SQS and the record take no more. */
export function words(text: string): string {
  if (text.trim() !== '' && text.length <= 1000) return text.trim()
  throw new InvalidArgumentError('It takes 1 to 1000 characters.')
}

export function upTo(most: number): (text: string) => number {
  return text => {
    const number = Number(text)
    if (Number.isInteger(number) && number > 0 && number <= most) return number
    throw new InvalidArgumentError(`It takes a whole number from 1 to ${most}.`)
  }
}

/** host:port of this machine: the local account listens nowhere else. */
export function loopback(text: string): string {
  const [, port] = /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\]):(\d{1,5})$/.exec(text) ?? []
  if (port !== undefined && Number(port) > 0 && Number(port) <= 65535) return text
  throw new InvalidArgumentError(`"${text}" is no host:port of this machine; try ${localAddress}`)
}
