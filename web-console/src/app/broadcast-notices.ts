// What a supervisor tells this agent: shown until it is understood, ended or over.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { agentsQuery } from '@/api/queries'
import { useTexts } from '@/i18n/use-texts'
import { broadcastsQuery, understand, understood } from '@/lib/broadcasts'
import { useNow } from '@/lib/use-live'
import { live } from '@/live/console'
import { closeToast, showToast } from '@/ui'

export function useBroadcastNotices(): void {
  const { t } = useTexts('app')
  const { session } = useRouteContext({ from: '/shell' })
  const client = useQueryClient()
  const isAgent = session.agent != null
  const { data: broadcasts } = useQuery({ ...broadcastsQuery, enabled: isAgent })
  const { data: agents = [] } = useQuery({ ...agentsQuery, enabled: isAgent })
  const shown = useRef(new Map<string, number>())
  const now = useNow()
  const current = broadcasts?.filter((one) => Date.parse(one.until) > now)
  const ids = current?.map((one) => one.id).join(',')

  useEffect(
    () =>
      live.onMessage((message) => {
        if (message.t === 'fact' && message.record.area === 'directory' && message.record.event.thing === 'broadcast') void client.invalidateQueries({ queryKey: ['broadcasts'] })
      }),
    [client],
  )

  useEffect(() => {
    if (current === undefined) return
    for (const { id, text, by } of current) {
      // Who says something knows it.
      if (shown.current.has(id) || by === session.user || understood().includes(id)) continue
      const name = agents.find((one) => one.id === by)?.name ?? by
      shown.current.set(id, showToast({ tone: 'info', text: t('broadcast.from', { name, text }), action: { label: t('broadcast.understood'), run: () => understand(id) } }))
    }
    for (const [id, toast] of shown.current) {
      if (current.some((one) => one.id === id)) continue
      closeToast(toast)
      shown.current.delete(id)
    }
    // The list is made anew each second; which are in it changes seldom.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [ids, agents, t])
}
