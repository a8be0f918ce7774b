// Alerts in words, and where those that stand are read.
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '@/api/client'
import { agentsQuery, queuesQuery } from '@/api/queries'
import type { Page, Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'

export type Alert = Schemas['Alert']
export type AlertMetric = Schemas['AlertMetric']

export const ALERT_METRICS: readonly AlertMetric[] = ['waiting', 'longest_wait', 'service_level_today', 'service_level_recent', 'abandon_rate_today', 'abandon_rate_recent', 'agents_ready', 'agents_signed_in', 'longest_wrap_up', 'trunks_down']

export const standingAlertsQuery = queryOptions({
  queryKey: ['alerts', 'standing'],
  queryFn: ({ signal }) => api.get<Page<Alert>>('/alerts', { standing: true }, signal).then((page) => page.items),
  staleTime: 60_000,
})

export const alertHistoryQuery = queryOptions({
  queryKey: ['alerts', 'history'],
  queryFn: ({ signal }) => api.get<Page<Alert>>('/alerts', { limit: 100 }, signal).then((page) => page.items),
})

/** Somebody looks after it: whoever clicks. */
export function acknowledgeAlert(id: string): Promise<Alert> {
  return api.post<Alert>(`/alerts/${id}/acknowledge`)
}

/** Whether low values are the bad ones. */
export function isLowBad(metric: AlertMetric): boolean {
  return metric === 'service_level_today' || metric === 'service_level_recent' || metric === 'agents_ready' || metric === 'agents_signed_in'
}

export function unitOf(metric: AlertMetric): 'count' | 'secs' | 'percent' {
  switch (metric) {
    case 'longest_wait':
    case 'longest_wrap_up':
      return 'secs'
    case 'service_level_today':
    case 'service_level_recent':
    case 'abandon_rate_today':
    case 'abandon_rate_recent':
      return 'percent'
    case 'waiting':
    case 'agents_ready':
    case 'agents_signed_in':
    case 'trunks_down':
      return 'count'
  }
}

export function useAlertText() {
  const { t } = useTexts('app')
  const { data: queues = [] } = useQuery(queuesQuery)
  const { data: agents = [] } = useQuery(agentsQuery)
  const metric = (id: AlertMetric) => t(`common:alert.metric.${id}`)
  const value = (id: AlertMetric, figure: number) => t(`common:alert.value.${unitOf(id)}`, { value: figure })
  const queueName = (id: string) => queues.find((one) => one.id === id)?.name ?? id
  return {
    metric,
    value,
    /** Empty for what is counted. */
    unit: (id: AlertMetric) => {
      const unit = unitOf(id)
      return unit === 'count' ? '' : t(`common:alert.unit.${unit}`)
    },
    raised: (alert: Pick<Alert, 'name' | 'metric' | 'queue' | 'value' | 'threshold'>) => {
      const words = { name: alert.name, metric: metric(alert.metric), value: value(alert.metric, alert.value), threshold: value(alert.metric, alert.threshold) }
      return alert.queue == null ? t('common:alert.raised', words) : t('common:alert.raised_of', { ...words, queue: queueName(alert.queue) })
    },
    cleared: (alert: Pick<Alert, 'name' | 'queue'>) => (alert.queue == null ? t('common:alert.cleared', { name: alert.name }) : t('common:alert.cleared_of', { name: alert.name, queue: queueName(alert.queue) })),
    person: (user: string) => agents.find((one) => one.id === user)?.name ?? user,
  }
}
