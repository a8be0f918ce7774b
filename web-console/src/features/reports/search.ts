// What a report is of, as it stands in the address, and the questions to the server that it makes.
import type { Query } from '@/api/client'
import type { Schemas } from '@/api/types'
import { dayParam, momentsOf } from '@/lib/days'
import { textParam, withoutEmpty, wordParam } from '@/lib/search-params'

export const VIEWS = ['queues', 'levels', 'exits', 'handling', 'forecasts', 'callbacks', 'balance', 'agents'] as const
export type View = (typeof VIEWS)[number]

export const INTERVALS = ['day', 'hour', 'half_hour', 'quarter_hour'] as const
export type IntervalChoice = (typeof INTERVALS)[number]

/** The server's words for them. */
const CUTS: Readonly<Record<IntervalChoice, string>> = { day: 'day', hour: '60', half_hour: '30', quarter_hour: '15' }

export type Figure = Schemas['Figure']

export const FIGURES: readonly Figure[] = [
  'offered',
  'answered',
  'answered_in_time',
  'answered_within_180_s',
  'longest_wait',
  'handled',
  'transferred',
  'held',
  'short_calls',
  'taken',
  'missed',
  'handled_by',
  'transfers_made',
  'abandoned',
  'abandoned_short',
  'abandoned_in_time',
  'flowed_out',
  'flowed_out_no_agents',
  'flowed_out_max_wait',
  'flowed_out_full',
  'flowed_out_closed',
  'flowed_out_expected_wait',
  'flowed_out_key',
  'flowed_out_moved',
  'flowed_out_node_lost',
  'open',
  'ended_answered',
  'ended_abandoned',
  'ended_flowed_out',
  'waiting_at_start',
  'waiting_at_end',
]

export interface ReportSearch {
  view?: View
  /** Days as the browser's calendar has them. Both are included; today when there is none. */
  from?: string
  to?: string
  interval?: IntervalChoice
  queue?: string
  agent?: string
}

export function readReportSearch(search: Record<string, unknown>): ReportSearch {
  return withoutEmpty({
    view: wordParam(search.view, VIEWS),
    from: dayParam(search.from),
    to: dayParam(search.to),
    interval: wordParam(search.interval, INTERVALS),
    queue: textParam(search.queue),
    agent: textParam(search.agent),
  })
}

/** The days that are shown: the ones asked for, or today. One alone is both. */
export function daysOf(search: ReportSearch, today: string): { from: string; to: string } {
  return { from: search.from ?? search.to ?? today, to: search.to ?? search.from ?? today }
}

export function reportQuery(search: ReportSearch, today: string): Query {
  const about = search.view === 'agents' ? { agent: search.agent } : { queue: search.queue }
  return { ...momentsOf(daysOf(search, today)), interval: CUTS[search.interval ?? 'day'], ...about }
}

export type CallbackFigure = Schemas['CallbackFigure']

export const CALLBACK_FIGURES: readonly CallbackFigure[] = ['requested', 'open', 'reached', 'kept', 'failed', 'expired', 'merged', 'cancelled', 'attempts', 'retries', 'from_line']

export interface PromisedSearch {
  /** Moments of the interval in which they were promised. */
  from?: string
  to?: string
  queue?: string
  figure?: CallbackFigure
}

export function readPromisedSearch(search: Record<string, unknown>): PromisedSearch {
  return withoutEmpty({ from: momentParam(search.from), to: momentParam(search.to), queue: textParam(search.queue), figure: wordParam(search.figure, CALLBACK_FIGURES) })
}

export interface ContactSearch {
  /** Moments of the interval that the figure is of. */
  from?: string
  to?: string
  queue?: string
  agent?: string
  outcome?: Figure
}

export function readContactSearch(search: Record<string, unknown>): ContactSearch {
  return withoutEmpty({ from: momentParam(search.from), to: momentParam(search.to), queue: textParam(search.queue), agent: textParam(search.agent), outcome: wordParam(search.outcome, FIGURES) })
}

function momentParam(value: unknown): string | undefined {
  const text = textParam(value)
  return text !== undefined && !Number.isNaN(Date.parse(text)) ? text : undefined
}
