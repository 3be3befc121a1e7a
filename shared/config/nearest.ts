/** Which of the known words was meant. */
import { distance } from 'fastest-levenshtein'

/** The known word that `word` most likely stands for: by spelling, without regard to case, - and _; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const bare = plain(word)
  const exact = known.find(candidate => plain(candidate) === bare)
  if (exact) return exact
  const ranked = known
    .map(candidate => ({ candidate, distance: distance(bare, plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  if (best && best.distance <= Math.max(1, Math.floor(bare.length / 3))) return best.candidate
  return known.find(candidate => begins(bare, plain(candidate)))
}

/** `env` for environment, `portMappings` for ports. */
function begins(a: string, b: string): boolean {
  const shared = Math.min(a.length, b.length)
  if (shared < 3) return false
  return a.startsWith(b) || b.startsWith(a) || (shared >= 4 && a.slice(0, 4) === b.slice(0, 4))
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_]/g, '')
}
