// Names for the keys of agents, queues, dispositions and reasons.
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { agentsQuery, dispositionsQuery, inLanguage, queuesQuery } from '@/api/queries'
import type { AgentProfile, Disposition, Queue } from '@/api/types'
import { ownReasonText, keyText } from '@/i18n/words'

export interface Names {
  agents: readonly AgentProfile[]
  queues: readonly Queue[]
  agent: (id: string | null | undefined) => string
  queue: (id: string | null | undefined) => string
  /** The leaf with its branch: `Technical › Router`. */
  disposition: (id: string | null | undefined) => string
  /** Why a caller calls: the word of the line's flow, in the agent's language where anybody has a name for it. */
  reason: (key: string | null | undefined) => string
}

const NOBODY: readonly AgentProfile[] = []
const NO_QUEUES: readonly Queue[] = []
const NO_DISPOSITIONS: readonly Disposition[] = []
const DEPTH_MAX = 8

export function useNames(): Names {
  const { i18n } = useTranslation()
  const { data: agents = NOBODY } = useQuery(agentsQuery)
  const { data: queues = NO_QUEUES } = useQuery(queuesQuery)
  const { data: dispositions = NO_DISPOSITIONS } = useQuery(dispositionsQuery)
  return {
    agents,
    queues,
    agent: (id) => (id ? (agents.find((one) => one.id === id)?.name ?? id) : ''),
    queue: (id) => (id ? (queues.find((one) => one.id === id)?.name ?? id) : ''),
    disposition: (id) => (id ? dispositionPath(dispositions, id, i18n.language) : ''),
    reason: (key) => (key ? reasonText(key, dispositions, queues, i18n.language) : ''),
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

/**
 * A flow names its reasons freely. A centre that calls them as its dispositions has translated them already; else our own words,
 * a queue of that name, or the key as it is written.
 */
export function reasonText(key: string, tree: readonly Disposition[], queues: readonly Queue[], language: string): string {
  const same = (id: string) => id.replaceAll(/[._]/g, '-') === key.replaceAll(/[._]/g, '-')
  const disposition = tree.find((one) => same(one.id))
  if (disposition) return inLanguage(disposition.names, language)
  return ownReasonText(key) ?? queues.find((one) => same(one.id))?.name ?? keyText(key)
}
