// A decision's story: for whom its call was kept and until when, and who was not free and why.
import type { RoutedCall } from '@/api/records'

/** Who alone could have the call, for whom, and until when. */
export type Kept = { is: `${'owner' | 'last_talk'}_${'agent' | 'team' | 'over'}`; agent: string; until: string }

export function keptOf(routed: RoutedCall): Kept | null {
  const { kept } = routed
  if (!kept) return null
  const until = new Date(new Date(routed.at).getTime() + kept.left_ms).toISOString()
  return { is: `${kept.because}_${kept.tier}`, agent: kept.agent, until }
}

/** What somebody did who could serve the queue and was not free. */
export type Doing = 'offered' | 'busy' | 'wrapping_up' | 'paused' | 'no_device' | 'kept_for_item'

export interface NotFree {
  agent: string
  doing: Doing
  /** The key of a pause's reason. */
  reason?: string
}

const LISTS = ['busy', 'offered', 'wrapping_up'] as const

/** Whoever is named, those who work first. */
export function notFreeOf(routed: RoutedCall): NotFree[] {
  const others = routed.others ?? {}
  return [
    ...LISTS.flatMap((doing) => (others[doing] ?? []).map((agent) => ({ agent, doing }))),
    ...(others.kept_for_item ?? []).map((agent) => ({ agent, doing: 'kept_for_item' as const })),
    ...Object.entries(others.paused ?? {}).flatMap(([reason, agents]) => agents.map((agent) => ({ agent, doing: 'paused' as const, reason }))),
    ...(others.no_device ?? []).map((agent) => ({ agent, doing: 'no_device' as const })),
  ]
}

/** How many more there were of each state than are named. */
export function unnamedOf(routed: RoutedCall): Array<{ doing: keyof RoutedCall['not_free']; count: number }> {
  const named = notFreeOf(routed)
  const of = (doings: readonly Doing[]) => named.filter((one) => doings.includes(one.doing)).length
  return [
    { doing: 'busy' as const, count: routed.not_free.busy - of(['busy']) },
    { doing: 'offered' as const, count: routed.not_free.offered - of(['offered']) },
    { doing: 'wrapping_up' as const, count: routed.not_free.wrapping_up - of(['wrapping_up']) },
    { doing: 'paused' as const, count: routed.not_free.paused - of(['paused', 'no_device']) },
  ].filter(({ count }) => count > 0)
}
