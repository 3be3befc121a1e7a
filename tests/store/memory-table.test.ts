import { memoryTable } from '../../local/memory-table.ts'
import { tableContract } from './table-contract.ts'

tableContract('in memory', async () => memoryTable())
