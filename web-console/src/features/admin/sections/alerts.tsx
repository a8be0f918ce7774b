// When supervisors are alerted.
import { BellRing } from 'lucide-react'
import type { Queue, Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { ALERT_METRICS, isLowBad, unitOf, useAlertText, type AlertMetric } from '@/lib/alert-text'
import { Badge, Checkbox, Select } from '@/ui'
import { DirectoryPage, useEntries, type FieldsProps, type Kind } from '../directory'
import { Choices, Group, NameAndKey, NumberField, useKeyChecks, useRange } from '../form-parts'

type AlertRule = Schemas['AlertRule']

const LASTS_SECS_MAX = 3_600
const VALUE_MAX = 86_400

export function AlertsSection() {
  const { t } = useTexts('admin')
  const checkKey = useKeyChecks()
  const range = useRange()
  const text = useAlertText()
  const { data: queues = [] } = useEntries<Queue>('/queues')
  const most = (metric: AlertMetric) => (unitOf(metric) === 'percent' ? 100 : unitOf(metric) === 'count' ? 10_000 : VALUE_MAX)
  const kind: Kind<AlertRule> = {
    section: 'alerts',
    icon: BellRing,
    path: '/alert-rules',
    keyOf: (rule) => rule.id,
    nameOf: (rule) => rule.name,
    columns: [
      { id: 'name', title: t('field.name'), width: 'minmax(120px, 1fr)', cell: (rule) => <span className="font-medium">{rule.name}</span> },
      { id: 'metric', title: t('alerts.metric'), width: 'minmax(140px, 1.2fr)', cell: (rule) => `${text.metric(rule.metric)}: ${t(isLowBad(rule.metric) ? 'alerts.is_low' : 'alerts.is_high', { value: text.value(rule.metric, rule.raise_at) })}` },
      { id: 'queues', title: t('alerts.queues'), width: 'minmax(100px, 1fr)', isWide: true, cell: (rule) => (rule.queues ?? []).map((id) => queues.find((one) => one.id === id)?.name ?? id).join(', ') || t('alerts.all_queues') },
      { id: 'active', title: t('field.state'), width: '96px', isWide: true, cell: (rule) => (rule.is_active ? <span className="text-ink-2">{t('active')}</span> : <Badge>{t('inactive')}</Badge>) },
    ],
    blank: () => ({ id: '', name: '', metric: 'waiting', queues: [], raise_at: 10, clear_at: 5, raise_after_secs: 10, clear_after_secs: 30, webhooks: [], is_active: true }),
    toBody: (rule) => ({ ...rule, name: rule.name.trim(), queues: rule.metric === 'trunks_down' ? [] : rule.queues }),
    check: (rule, isNew) => ({
      ...checkKey(rule, isNew),
      raise_at: range(rule.raise_at, 0, most(rule.metric)),
      clear_at: range(rule.clear_at, 0, most(rule.metric)) ?? (isLowBad(rule.metric) ? (rule.clear_at > rule.raise_at ? undefined : t('alerts.not_above')) : rule.clear_at < rule.raise_at ? undefined : t('alerts.not_below')),
      raise_after_secs: range(rule.raise_after_secs, 0, LASTS_SECS_MAX),
      clear_after_secs: range(rule.clear_after_secs, 0, LASTS_SECS_MAX),
    }),
    Fields,
    formWidth: 'lg:w-120',
  }
  return <DirectoryPage kind={kind} />
}

function Fields({ form, isNew }: FieldsProps<AlertRule>) {
  const { t } = useTexts('admin')
  const text = useAlertText()
  const { values, set, errorOf } = form
  const { data: queues = [] } = useEntries<Queue>('/queues')
  const { data: webhooks = [] } = useEntries<Schemas['Webhook']>('/webhooks')
  const isLow = isLowBad(values.metric)
  const unit = (side: boolean) => [text.unit(values.metric), t(side ? 'alerts.low' : 'alerts.high')].filter((word) => word !== '').join(' ')
  return (
    <>
      <NameAndKey form={form} isNew={isNew} />
      <Select label={t('alerts.metric')} choices={ALERT_METRICS.map((id) => ({ id, label: text.metric(id) }))} value={values.metric} onChange={(id) => set('metric', ALERT_METRICS.find((one) => one === id) ?? 'waiting')} data-testid="field-metric" />
      {values.metric !== 'trunks_down' && <Choices label={t('alerts.queues')} anyText={t('alerts.all_queues')} choices={queues.map((queue) => ({ id: queue.id, label: queue.name }))} chosen={values.queues ?? []} onChange={(ids) => set('queues', ids)} error={errorOf('queues')} />}
      <Group title={t('alerts.raise_at')}>
        <div className="grid grid-cols-2 gap-2">
          <NumberField label={text.metric(values.metric)} unit={unit(isLow)} value={values.raise_at} onChange={(value) => set('raise_at', value)} error={errorOf('raise_at')} data-testid="field-raise-at" />
          <NumberField label={t('alerts.raise_after')} unit="s" value={values.raise_after_secs} onChange={(value) => set('raise_after_secs', value)} error={errorOf('raise_after_secs')} data-testid="field-raise-after" />
        </div>
      </Group>
      <Group title={t('alerts.clear_at')}>
        <div className="grid grid-cols-2 gap-2">
          <NumberField label={text.metric(values.metric)} unit={unit(!isLow)} value={values.clear_at} onChange={(value) => set('clear_at', value)} error={errorOf('clear_at')} data-testid="field-clear-at" />
          <NumberField label={t('alerts.clear_after')} unit="s" value={values.clear_after_secs} onChange={(value) => set('clear_after_secs', value)} error={errorOf('clear_after_secs')} data-testid="field-clear-after" />
        </div>
      </Group>
      {webhooks.length > 0 && <Choices label={t('alerts.webhooks')} anyText={t('alerts.nobody')} choices={webhooks.map((webhook) => ({ id: webhook.id, label: webhook.name }))} chosen={values.webhooks ?? []} onChange={(ids) => set('webhooks', ids)} error={errorOf('webhooks')} />}
      <Checkbox isSelected={values.is_active} onChange={(isOn) => set('is_active', isOn)}>
        {t('alerts.active')}
      </Checkbox>
    </>
  )
}
