// What the board computes from the server's counts. Pure.
import type { AgentView, BoardQueue, CallView, QueueCounts } from '@/live/protocol'

/** Answered in time over answered plus abandoned, short abandons left out; `undefined` when nothing counts yet. */
export function serviceLevel(counts: QueueCounts): number | undefined {
  const whole = counts.answered + counts.abandoned - counts.abandoned_short
  return whole > 0 ? counts.answered_in_time / whole : undefined
}

export function addCounts(all: readonly QueueCounts[]): QueueCounts {
  const sum: QueueCounts = { offered: 0, answered: 0, answered_in_time: 0, abandoned: 0, abandoned_short: 0, flowed_out: 0, wait_ms_answered: 0, wait_ms_max: 0 }
  for (const counts of all) {
    sum.offered += counts.offered
    sum.answered += counts.answered
    sum.answered_in_time += counts.answered_in_time
    sum.abandoned += counts.abandoned
    sum.abandoned_short += counts.abandoned_short
    sum.flowed_out += counts.flowed_out
    sum.wait_ms_answered += counts.wait_ms_answered
    sum.wait_ms_max = Math.max(sum.wait_ms_max, counts.wait_ms_max)
  }
  return sum
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
