// What the page adds up over the server's lines. Counts and the two parts of a ratio add up; percentages and averages do not. Pure.
import type { Schemas } from '@/api/types'

export type QueueInterval = Schemas['QueueInterval']
export type AgentInterval = Schemas['AgentInterval']
export type CallbackInterval = Schemas['CallbackInterval']
export type Ratio = Schemas['Ratio']

export interface Total {
  offered: number
  answered: number
  abandoned: number
  flowed_out: number
  /** The service level of all lines, when they go by one definition with one threshold. */
  level: { code: string; threshold_ms: number; numerator: number; denominator: number } | undefined
  within_180_s: { numerator: number; denominator: number }
}

export function totalOf(lines: readonly QueueInterval[]): Total {
  const add = (part: (line: QueueInterval) => number) => lines.reduce((sum, line) => sum + part(line), 0)
  return {
    offered: add((line) => line.offered),
    answered: add((line) => line.answered),
    abandoned: add((line) => line.abandoned),
    flowed_out: add((line) => line.flowed_out),
    level: levelOf(lines),
    within_180_s: { numerator: add((line) => line.within_180_s.numerator), denominator: add((line) => line.within_180_s.denominator) },
  }
}

/** Lines in which nobody came have no threshold and say nothing. */
function levelOf(lines: readonly QueueInterval[]): Total['level'] {
  const levels = lines.map((line) => line.service_level).filter((level) => level.threshold_ms_max != null)
  const [first] = levels
  if (first?.threshold_ms_max == null) return undefined
  const threshold = first.threshold_ms_max
  if (levels.some((level) => level.code !== first.code || level.threshold_ms_min !== threshold || level.threshold_ms_max !== threshold)) return undefined
  const add = (part: (level: QueueInterval['service_level']) => number) => levels.reduce((sum, level) => sum + part(level), 0)
  return { code: first.code, threshold_ms: threshold, numerator: add((level) => level.numerator), denominator: add((level) => level.denominator) }
}

/** `20`, or `20–30` when the threshold changed within the interval. */
export function thresholdText(level: { threshold_ms_min?: number | null; threshold_ms_max?: number | null }): string {
  const [least, most] = [level.threshold_ms_min, level.threshold_ms_max]
  if (least == null || most == null) return '–'
  return least === most ? String(least / 1000) : `${least / 1000}–${most / 1000}`
}

/** How many lines do not add up. */
export function offCount(lines: ReadonlyArray<{ is_reconciled: boolean }>): number {
  return lines.filter((line) => !line.is_reconciled).length
}
