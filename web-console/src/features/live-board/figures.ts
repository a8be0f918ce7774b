// What the board computes from the server's counts. Pure.
import type { AgentView, BoardQueue, CallView } from '@/live/protocol'

/** A service level with the definition that the server computed it by. */
export type ServiceLevel = BoardQueue['level_interval']

/** The share that was served in time; `undefined` when nothing counts yet. */
export function levelOf(level: { numerator: number; denominator: number }): number | undefined {
  return level.denominator > 0 ? level.numerator / level.denominator : undefined
}

/** All queues together, each by its own definition; `definition` is there when they share one. */
export function levelOfAll(queues: readonly BoardQueue[]): { share: number | undefined; definition: { code: string; secs: string } | undefined } {
  const levels = queues.map((queue) => queue.level_interval)
  const add = (part: (level: ServiceLevel) => number) => levels.reduce((sum, level) => sum + part(level), 0)
  const definitions = queues.map((queue) => definitionOf(queue, queue.level_interval))
  const [first] = definitions
  const isShared = first !== undefined && definitions.every((one) => one.code === first.code && one.secs === first.secs)
  return { share: levelOf({ numerator: add((level) => level.numerator), denominator: add((level) => level.denominator) }), definition: isShared ? first : undefined }
}

/** The definition as it is printed: its short name, and the threshold in seconds. Calls count by the one that held when they came. */
export function definitionOf(queue: BoardQueue, level: ServiceLevel): { code: string; secs: string } {
  const [least, most] = [level.threshold_ms_min, level.threshold_ms_max]
  if (least == null || most == null) return { code: level.code, secs: String(queue.service_level_secs) }
  return { code: level.code, secs: least === most ? String(least / 1000) : `${least / 1000}–${most / 1000}` }
}

/** How long the first in line waits, in milliseconds. */
export function longestWait(queue: BoardQueue, now: number): number {
  return queue.live.longest_since ? Math.max(0, now - Date.parse(queue.live.longest_since)) : 0
}

/** The queue that needs somebody most comes first: longest wait, then most waiting, then name. */
export function byNeed(now: number): (a: BoardQueue, b: BoardQueue) => number {
  return (a, b) => longestWait(b, now) - longestWait(a, now) || b.live.waiting - a.live.waiting || a.name.localeCompare(b.name)
}

/** Agents whom a supervisor may have to help come first: lost audio, over wrap-up, long calls; then who is free; absent ones last. */
export function agentOrder(now: number, callOf: (agent: AgentView) => CallView | undefined): (a: AgentView, b: AgentView) => number {
  const rank = (agent: AgentView): number => {
    const { presence } = agent
    switch (presence.state) {
      case 'busy':
        return callOf(agent)?.state.is === 'reconnecting' ? 0 : 2
      case 'wrapping_up':
        return presence.until && Date.parse(presence.until) < now ? 1 : 3
      case 'offered':
        return 2
      case 'ready':
        return 4
      case 'paused':
        return 5
      case 'offline':
        return 6
    }
  }
  return (a, b) => rank(a) - rank(b) || Date.parse(a.since) - Date.parse(b.since) || a.name.localeCompare(b.name)
}
