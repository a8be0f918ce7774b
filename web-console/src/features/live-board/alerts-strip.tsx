// The alerts that stand, above the board, and those that have been.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Bell, BellOff, History } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '@/api/problem-text'
import { pointText, timeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { acknowledgeAlert, alertHistoryQuery, standingAlertsQuery, useAlertText, type Alert } from '@/lib/alert-text'
import { readSetting, writeSetting } from '@/lib/storage'
import { useNow } from '@/lib/use-live'
import { beep, unlockAudio } from '@/phone/ringer'
import { Button, cx, Dialog, IconButton, showToast } from '@/ui'

export function AlertsStrip() {
  const { t } = useTexts('live-board')
  const { data: standing = [] } = useQuery(standingAlertsQuery)
  if (standing.length === 0) return null
  return (
    <ul aria-label={t('alerts.title')} className="max-h-32 shrink-0 overflow-auto border-b border-line bg-bad-soft text-sm" data-testid="alerts">
      {standing.map((alert) => (
        <Row key={alert.id} alert={alert} />
      ))}
    </ul>
  )
}

function Row({ alert }: { alert: Alert }) {
  const { t, i18n } = useTexts('live-board')
  const text = useAlertText()
  const client = useQueryClient()
  const [isBusy, setBusy] = useState(false)
  const acknowledge = async () => {
    setBusy(true)
    try {
      await acknowledgeAlert(alert.id)
      await client.invalidateQueries({ queryKey: ['alerts'] })
    } catch (error) {
      showToast({ tone: 'bad', text: problemText(error) })
    } finally {
      setBusy(false)
    }
  }
  return (
    <li data-testid={`alert-${alert.rule}`} className={cx('flex items-center gap-3 px-4 py-1', alert.acknowledged_at == null ? 'font-semibold text-bad-ink' : 'text-ink-2')}>
      <span className="min-w-0 truncate">▲ {text.raised(alert)}</span>
      <span className="shrink-0 text-xs font-normal tabular-nums">{t('common:alert.since', { at: timeText(alert.raised_at, i18n.language) })}</span>
      <span className="ml-auto shrink-0">
        {alert.acknowledged_by == null ? (
          <Button size="sm" isDisabled={isBusy} onPress={() => void acknowledge()} data-testid="acknowledge">
            {t('common:alert.acknowledge')}
          </Button>
        ) : (
          <span className="text-xs">{t('common:alert.acknowledged_by', { name: text.person(alert.acknowledged_by) })}</span>
        )}
      </span>
    </li>
  )
}

/** Whether new ones sound, and the list of those that have been. */
export function AlertHistory() {
  const { t } = useTexts('live-board')
  const [isOpen, setOpen] = useState(false)
  const [hasSound, setSound] = useState(() => readSetting('alert_sound') === 'on')
  return (
    <>
      <IconButton
        label={hasSound ? t('alerts.sound_on') : t('alerts.sound_off')}
        icon={hasSound ? Bell : BellOff}
        onPress={() => {
          writeSetting('alert_sound', hasSound ? null : 'on')
          setSound(!hasSound)
          unlockAudio()
          if (!hasSound) beep()
        }}
        data-testid="alert-sound"
      />
      <Button size="sm" icon={History} onPress={() => setOpen(true)} data-testid="alert-history">
        {t('alerts.title')}
      </Button>
      {isOpen && (
        <Dialog title={t('alerts.history')} isOpen onClose={() => setOpen(false)} closeLabel={t('common:close')}>
          <List />
        </Dialog>
      )}
    </>
  )
}

function List() {
  const { t, i18n } = useTexts('live-board')
  const text = useAlertText()
  const now = useNow()
  const { data: alerts } = useQuery(alertHistoryQuery)
  const at = (when: string) => pointText(when, now, i18n.language)
  if (alerts?.length === 0) return <p className="text-ink-3">{t('alerts.none_ever')}</p>
  return (
    <ul className="flex max-h-96 flex-col gap-2 overflow-auto">
      {alerts?.map((alert) => (
        <li key={alert.id} className="text-sm">
          <p className={alert.cleared_at == null ? 'font-semibold text-bad-ink' : ''}>{text.raised(alert)}</p>
          <p className="text-xs text-ink-3">
            {alert.cleared_at == null ? t('alerts.standing', { from: at(alert.raised_at) }) : t('alerts.from_to', { from: at(alert.raised_at), to: at(alert.cleared_at) })}
            {alert.acknowledged_by != null && ` · ${t('common:alert.acknowledged_by', { name: text.person(alert.acknowledged_by) })}`}
          </p>
        </li>
      ))}
    </ul>
  )
}
