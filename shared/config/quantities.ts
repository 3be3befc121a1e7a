/** Reads the quantities that people write in farguard.yml: CPU, memory, storage, times, ports, shares, money, rates. Undefined: it is none. */

/** CPU units, 1024 a vCPU: `256`, `"256"` or `0.25 vCPU`. */
export function readCpu(value: number | string): number | undefined {
  if (typeof value === 'number') return positive(value)
  const match = /^(\d{0,9}\.?\d{1,9}) ?(vcpu)?$/i.exec(value.trim())
  return match ? positive(Number(match[1]) * (match[2] ? 1024 : 1)) : undefined
}

/** MiB: `512`, `"512"`, `512 MB`, `0.5 GB`. AWS's GB are of 1,024 MB. */
export function readMemory(value: number | string): number | undefined {
  if (typeof value === 'number') return positive(value)
  const match = /^(\d{0,9}\.?\d{1,9}) ?(?:(m|g)i?b?)?$/i.exec(value.trim())
  return match ? positive(Number(match[1]) * (match[2]?.toLowerCase() === 'g' ? 1024 : 1)) : undefined
}

/** GiB: `30` or `30 GB`. */
export function readStorage(value: number | string): number | undefined {
  if (typeof value === 'number') return positive(value)
  const match = /^(\d{1,9}) ?(?:gi?b?)?$/i.exec(value.trim())
  return match ? positive(Number(match[1])) : undefined
}

/** Seconds: `30s`, `2m`, `1m30s`, `24h`, `14d`. */
export function readSeconds(value: string): number | undefined {
  const match = /^(?:(\d{1,6})d)? ?(?:(\d{1,6})h)? ?(?:(\d{1,6})m)? ?(?:(\d{1,6})s)?$/.exec(value.trim())
  if (!match || match[0] === '') return undefined
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map(part => Number(part ?? 0))
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
}

/** Of a duration that passed the schema. */
export function milliseconds(duration: string): number {
  return sound(readSeconds, duration) * 1000
}

/** 80 for 80 %: `80%`, `0.5 %`. */
export function readPercent(value: string): number | undefined {
  const match = /^(\d{1,4}(?:\.\d{1,3})?) ?%$/.exec(value.trim())
  return match ? Number(match[1]) : undefined
}

/** US dollars: `$5`, `$0.50`. */
export function readUsd(value: string): number | undefined {
  const match = /^\$ ?(\d{1,9}(?:\.\d{1,4})?)$/.exec(value.trim())
  return match ? Number(match[1]) : undefined
}

/** Bytes a second: `100 B/s`, `1 KB/s`, `2.5 MB/s`. Of 1,000, as networks count. */
export function readBytesPerSecond(value: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?) ?([kKMG]?)B\/s$/.exec(value.trim())
  const factor = { '': 1, k: 1e3, m: 1e6, g: 1e9 }[match?.[2]?.toLowerCase() ?? '']
  return match && factor !== undefined ? Number(match[1]) * factor : undefined
}

/** `0/min`, `2.5/min`. */
export function readPerMinute(value: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?) ?\/ ?min$/.exec(value.trim())
  return match ? Number(match[1]) : undefined
}

/** What `read` makes of a text that passed the schema. */
export function sound(read: (value: string) => number | undefined, value: string): number {
  const quantity = read(value)
  if (quantity === undefined) throw new TypeError(`${value} did not pass the schema`)
  return quantity
}

export interface Port {
  port: number
  protocol: 'tcp' | 'udp'
}

/** `8080`, `8080/tcp` or `53/udp`; tcp unless it says otherwise. */
export function readPort(value: number | string): Port | undefined {
  const match = /^(\d{1,5})(?:\/(tcp|udp))?$/.exec(String(value).trim())
  const port = Number(match?.[1])
  if (!match || port < 1 || port > 65535) return undefined
  return { port, protocol: match[2] === 'udp' ? 'udp' : 'tcp' }
}

function positive(value: number): number | undefined {
  return Number.isSafeInteger(value) && value > 0 ? value : undefined
}
