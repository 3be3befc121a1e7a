#!/usr/bin/env node
/** The `farguard` command. */
import { connect } from './connection.ts'
import { farguard } from './program.ts'
import { processTerminal } from './terminal.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read our answer has seen enough of it: farguard logs web | head
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await farguard(process.argv.slice(2), {
  terminal: processTerminal(),
  environment: process.env,
  connect,
})
