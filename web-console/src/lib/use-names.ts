// Names for the keys of agents, queues, dispositions, and of lines with their reasons and stations.
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { agentsQuery, dispositionsQuery, inLanguage, linesQuery, queuesQuery } from '@/api/queries'
import type { AgentProfile, Disposition, PublishedLine, Queue } from '@/api/types'
import { keyText } from '@/i18n/words'

export interface Names {
  agents: readonly AgentProfile[]
  queues: readonly Queue[]
  agent: (id: string | null | undefined) => string
  queue: (id: string | null | undefined) => string
  /** The leaf with its branch: `Technical › Router`. */
  disposition: (id: string | null | undefined) => string
  lines: readonly PublishedLine[]
  line: (id: string | null | undefined) => string
  /** Why a caller calls: a word of a line's flow, in the agent's language where anybody has a name for it. */
  reason: (key: string | null | undefined) => string
  /** A caller's way through a line: the stations that its author thought worth telling, or all when it names none. */
  path: (line: string | null | undefined, stations: readonly string[]) => string[]
}

const NOBODY: readonly AgentProfile[] = []
const NO_QUEUES: readonly Queue[] = []
const NO_DISPOSITIONS: readonly Disposition[] = []
const NO_LINES: readonly PublishedLine[] = []
const DEPTH_MAX = 8

export function useNames(): Names {
  const { i18n } = useTranslation()
  const { data: agents = NOBODY } = useQuery(agentsQuery)
  const { data: queues = NO_QUEUES } = useQuery(queuesQuery)
  const { data: dispositions = NO_DISPOSITIONS } = useQuery(dispositionsQuery)
  const { data: lines = NO_LINES } = useQuery(linesQuery)
  return {
    agents,
    queues,
    agent: (id) => (id ? (agents.find((one) => one.id === id)?.name ?? id) : ''),
    queue: (id) => (id ? (queues.find((one) => one.id === id)?.name ?? id) : ''),
    disposition: (id) => (id ? dispositionPath(dispositions, id, i18n.language) : ''),
    lines,
    line: (id) => (id ? lineText(lines.find((one) => one.id === id), id, i18n.language) : ''),
    reason: (key) => (key ? reasonText(key, lines, dispositions, i18n.language) : ''),
    path: (line, stations) => pathText(lines.find((one) => one.id === line), stations, i18n.language),
  }
}

export function dispositionPath(tree: readonly Disposition[], id: string, language: string): string {
  const names: string[] = []
  let key: string | null | undefined = id
  while (key && names.length < DEPTH_MAX) {
    const node: Disposition | undefined = tree.find((one) => one.id === key)
    names.unshift(node ? inLanguage(node.names, language) : key)
    key = node?.parent
  }
  return names.join(' › ')
}

export function lineText(line: PublishedLine | undefined, id: string, language: string): string {
  return (line && inLanguage(line.names, language)) || keyText(id)
}

/** A line may name its reasons; a reason that is a disposition too has a name from there. */
export function reasonText(key: string, lines: readonly PublishedLine[], tree: readonly Disposition[], language: string): string {
  const names = lines.find((line) => line.reasons[key])?.reasons[key]
  if (names) return inLanguage(names, language)
  const same = (id: string) => id.replaceAll(/[._]/g, '-') === key.replaceAll(/[._]/g, '-')
  const disposition = tree.find((one) => same(one.id))
  return disposition ? inLanguage(disposition.names, language) : keyText(key)
}

export function pathText(line: PublishedLine | undefined, stations: readonly string[], language: string): string[] {
  if (!line || Object.keys(line.nodes).length === 0) return stations.map(keyText)
  return stations.map((station) => inLanguage(line.nodes[station] ?? {}, language)).filter((name) => name !== '')
}
