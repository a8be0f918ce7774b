// Outside systems that are told of alerts.
import { useQuery } from '@tanstack/react-query'
import { Webhook as WebhookIcon } from 'lucide-react'
import { api } from '@/api/client'
import type { Versioned } from '@/api/records'
import type { Page, Schemas } from '@/api/types'
import { timeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { Badge, Checkbox, TextField } from '@/ui'
import { DirectoryPage, type FieldsProps, type Kind } from '../directory'
import { Group, NameAndKey, SecretField, useKeyChecks } from '../form-parts'

type Webhook = Schemas['Webhook'] & { password: string }
type Delivery = Schemas['DeliveryLine']

const ADDRESS = /^https?:\/\/[^\s@#]+$/

export function WebhooksSection() {
  const { t } = useTexts('admin')
  const checkKey = useKeyChecks()
  const kind: Kind<Webhook> = {
    section: 'webhooks',
    icon: WebhookIcon,
    path: '/webhooks',
    keyOf: (webhook) => webhook.id,
    nameOf: (webhook) => webhook.name,
    columns: [
      { id: 'name', title: t('field.name'), width: 'minmax(120px, 1fr)', cell: (webhook) => <span className="font-medium">{webhook.name}</span> },
      { id: 'url', title: t('webhooks.url'), width: 'minmax(160px, 2fr)', isWide: true, cell: (webhook) => webhook.url },
      { id: 'active', title: t('field.state'), width: '96px', cell: (webhook) => (webhook.is_active ? <span className="text-ink-2">{t('active')}</span> : <Badge>{t('inactive')}</Badge>) },
    ],
    blank: () => ({ id: '', name: '', url: '', is_private_allowed: false, is_active: true, password: '' }),
    toForm: (webhook) => ({ ...webhook, password: '' }),
    toBody: ({ password, ...webhook }) => ({ ...webhook, name: webhook.name.trim(), url: webhook.url.trim(), ...(password === '' ? {} : { password }) }),
    check: (webhook, isNew) => ({
      ...checkKey(webhook, isNew),
      url: ADDRESS.test(webhook.url.trim()) ? undefined : t('webhooks.url_wrong'),
    }),
    Fields,
    Extra: Deliveries,
    isFinal: () => true,
    formWidth: 'lg:w-120',
  }
  return <DirectoryPage kind={kind} />
}

function Fields({ form, isNew }: FieldsProps<Webhook>) {
  const { t } = useTexts('admin')
  const { values, set, errorOf } = form
  return (
    <>
      <NameAndKey form={form} isNew={isNew} />
      <TextField label={t('webhooks.url')} value={values.url} onChange={(url) => set('url', url)} isRequired inputMode="url" autoComplete="off" placeholder="https://" help={t('webhooks.url_help')} error={errorOf('url')} data-testid="field-url" />
      <SecretField label={t('webhooks.secret')} value={values.password} onChange={(text) => set('password', text)} isKept={!isNew} error={errorOf('password')} />
      <p className="-mt-2 text-xs text-ink-3">{t('webhooks.secret_about')}</p>
      <Checkbox isSelected={values.is_private_allowed ?? false} onChange={(isOn) => set('is_private_allowed', isOn)}>
        {t('webhooks.private')}
      </Checkbox>
      <Checkbox isSelected={values.is_active} onChange={(isOn) => set('is_active', isOn)}>
        {t('webhooks.active')}
      </Checkbox>
    </>
  )
}

/** What was sent, and what was wrong. */
function Deliveries({ entry }: { entry: Versioned<Webhook> }) {
  const { t } = useTexts('admin')
  const path = `/webhooks/${entry.id}/deliveries`
  const { data: deliveries } = useQuery({
    queryKey: ['webhook-deliveries', entry.id],
    queryFn: ({ signal }) => api.get<Page<Delivery>>(path, {}, signal).then((page) => page.items),
    refetchInterval: 5_000,
  })
  return (
    <Group title={t('webhooks.last')}>
      {deliveries?.length === 0 && <p className="text-xs text-ink-3">{t('webhooks.none_yet')}</p>}
      <ul className="flex flex-col gap-1 text-xs" data-testid="deliveries">
        {deliveries?.map((delivery) => (
          <DeliveryRow key={delivery.id} delivery={delivery} />
        ))}
      </ul>
    </Group>
  )
}

function DeliveryRow({ delivery }: { delivery: Delivery }) {
  const { t, i18n } = useTexts('admin')
  const at = (when: string) => timeText(when, i18n.language)
  const { fault } = delivery
  const why = fault == null ? '' : fault.why === 'refused' ? t('webhooks.fault.refused', { status: fault.status }) : t(`webhooks.fault.${fault.why}`)
  const kind = (['raised', 'acknowledged', 'cleared'] as const).find((one) => delivery.kind === `alert.${one}`)
  const state =
    delivery.delivered_at != null
      ? t('webhooks.delivered', { at: at(delivery.delivered_at) })
      : delivery.due_at == null
        ? t('webhooks.given_up', { count: delivery.attempts, why })
        : delivery.attempts === 0
          ? t('webhooks.waiting')
          : t('webhooks.again', { count: delivery.attempts, at: at(delivery.due_at), why })
  return (
    <li className={delivery.delivered_at == null && delivery.attempts > 0 ? 'text-bad-ink' : 'text-ink-2'}>
      <span className="tabular-nums">{at(delivery.made_at)}</span> {kind ? t(`webhooks.kind.${kind}`) : delivery.kind} · {state}
    </li>
  )
}
