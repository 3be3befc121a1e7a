/** Older copies end once newer ones have proved themselves. */
import type { World } from '../ports.ts'
import { type Deployment, readDeployment, type TargetHead, writeDeployment } from './records.ts'
import { stopCopies } from './settle.ts'

/**
 * Stops the copies of every deployment before `current`, wherever they run, oldest first: one that is retired proves that all
 * before it are.
 */
export async function retireOlder(head: TargetHead, current: Deployment, world: World): Promise<void> {
  const standing: Deployment[] = []
  for (const { number } of head.earlier) {
    const older = await readDeployment(world.table, head.target, number)
    if (older?.retiredAt !== undefined) break
    if (older?.where.kind === 'task') standing.unshift(older)
  }
  for (const older of standing) await retire(older, current, world)
}

async function retire(older: Deployment, current: Deployment, world: World): Promise<void> {
  for (let found: Deployment | undefined = older; found && !found.retiredAt; ) {
    await stopCopies(found, `is replaced by #${current.number}`, world)
    const retired = { ...found, retiredAt: world.clock.now().toISOString() }
    if (await writeDeployment(world.table, retired)) return
    // Somebody was starting copies that it had lost: those are to be stopped as well.
    found = await readDeployment(world.table, older.target, older.number)
  }
}
