// Names for the keys of agents, queues and dispositions.
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { agentsQuery, dispositionsQuery, inLanguage, queuesQuery } from '@/api/queries'
import type { AgentProfile, Disposition, Queue } from '@/api/types'

export interface Names {
  agents: readonly AgentProfile[]
  queues: readonly Queue[]
  agent: (id: string | null | undefined) => string
  queue: (id: string | null | undefined) => string
  /** The leaf with its branch: `Technical › Router`. */
  disposition: (id: string | null | undefined) => string
}

const NOBODY: readonly AgentProfile[] = []
const NO_QUEUES: readonly Queue[] = []
const DEPTH_MAX = 8

export function useNames(): Names {
  const { i18n } = useTranslation()
  const { data: agents = NOBODY } = useQuery(agentsQuery)
  const { data: queues = NO_QUEUES } = useQuery(queuesQuery)
  const { data: dispositions } = useQuery(dispositionsQuery)
  return {
    agents,
    queues,
    agent: (id) => (id ? (agents.find((one) => one.id === id)?.name ?? id) : ''),
    queue: (id) => (id ? (queues.find((one) => one.id === id)?.name ?? id) : ''),
    disposition: (id) => (id ? dispositionPath(dispositions ?? [], id, i18n.language) : ''),
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
