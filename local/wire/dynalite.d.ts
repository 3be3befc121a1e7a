/** dynalite 4 has no types of its own: the part of it that is used here. */
declare module 'dynalite' {
  import type { Server } from 'node:http'

  /** A server that has not begun to listen. In memory unless `path` names a directory. */
  export default function dynalite(options?: {
    path?: string
    createTableMs?: number
    deleteTableMs?: number
    updateTableMs?: number
  }): Server
}
