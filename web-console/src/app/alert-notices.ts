// Alerts for supervisors, wherever they are in the console: said once when raised, with a way to say that one looks after it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { problemText } from '@/api/problem-text'
import { isSupervisor } from '@/api/session'
import { useTexts } from '@/i18n/use-texts'
import { acknowledgeAlert, standingAlertsQuery, useAlertText } from '@/lib/alert-text'
import { readSetting } from '@/lib/storage'
import { live } from '@/live/console'
import { beep } from '@/phone/ringer'
import { closeToast, showToast } from '@/ui'

export function useAlertNotices(): void {
  const { t } = useTexts('app')
  const { session } = useRouteContext({ from: '/shell' })
  const client = useQueryClient()
  const text = useAlertText()
  const isOn = isSupervisor(session.role)
  const { data: standing } = useQuery({ ...standingAlertsQuery, enabled: isOn })
  const toasts = useRef(new Map<string, { toast: number; said: string }>())

  useEffect(() => {
    if (!isOn) return
    return live.onMessage((message) => {
      if (message.t === 'fact' && message.record.area === 'alert') void client.invalidateQueries({ queryKey: ['alerts'] })
    })
  }, [client, isOn])

  useEffect(() => {
    if (standing === undefined) return
    const shown = toasts.current
    let isNew = false
    for (const alert of standing) {
      if (alert.acknowledged_at != null || shown.has(alert.id)) continue
      isNew = true
      const run = () =>
        void acknowledgeAlert(alert.id).then(
          () => client.invalidateQueries({ queryKey: ['alerts'] }),
          (error: unknown) => showToast({ tone: 'bad', text: problemText(error) }),
        )
      shown.set(alert.id, { toast: showToast({ tone: 'bad', text: text.raised(alert), action: { label: t('common:alert.acknowledge'), run } }), said: text.cleared(alert) })
    }
    for (const [id, { toast, said }] of shown) {
      const alert = standing.find((one) => one.id === id)
      if (alert !== undefined && alert.acknowledged_at == null) continue
      closeToast(toast)
      if (alert !== undefined) continue
      shown.delete(id)
      showToast({ tone: 'good', text: said })
    }
    if (isNew && readSetting('alert_sound') === 'on') beep()
  }, [standing, client, t, text])
}
