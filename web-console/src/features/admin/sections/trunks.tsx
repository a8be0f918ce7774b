import { useQuery } from '@tanstack/react-query'
import { Cable } from 'lucide-react'
import { api } from '@/api/client'
import type { Page, Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { isTrunkBad, useTrunkText, type TrunkView } from '@/lib/trunk-text'
import { Badge, Checkbox, Select, TextArea, TextField } from '@/ui'
import { DirectoryPage, type FieldsProps, type Kind } from '../directory'
import { MediaEncryption } from './media-encryption'
import { NO_STIR, TrunkIdentity, USUAL_IDENTITY } from './trunk-identity'
import { Group, NameAndKey, NumberField, SecretField, useKeyChecks, useRange } from '../form-parts'
import { TrunkTls, USUAL_TLS, tidyTls } from './trunk-tls'
import { NO_RULES, TrunkRulesFields, tidyRules, type TrunkRules } from './trunk-rules'

type Trunk = Schemas['Trunk'] & TrunkRules & { password: string }

const ADDRESS = /^[0-9a-fA-F.:]+(\/\d{1,3})?$/
const PEER = /^[A-Za-z0-9.[\]:-]+(:\d{1,5})?$/

export function TrunksSection() {
  const { t } = useTexts('admin')
  const checkKey = useKeyChecks()
  const range = useRange()
  const kind: Kind<Trunk> = {
    section: 'trunks',
    icon: Cable,
    path: '/trunks',
    formWidth: 'lg:w-120',
    keyOf: (trunk) => trunk.id,
    nameOf: (trunk) => trunk.name,
    columns: [
      { id: 'name', title: t('field.name'), width: 'minmax(130px, 1.2fr)', cell: (trunk) => <span className="font-medium">{trunk.name}</span> },
      { id: 'in', title: t('trunks.inbound'), width: 'minmax(150px, 1.5fr)', cell: (trunk) => [...trunk.sources, trunk.username, ...(trunk.tls?.is_required ? [t('trunks.tls_short')] : [])].filter(Boolean).join(', ') },
      { id: 'out', title: t('trunks.outbound'), width: 'minmax(140px, 1.3fr)', isWide: true, cell: (trunk) => (trunk.peer ? `${trunk.peer} ${trunk.transport.toUpperCase()}` : '') },
      { id: 'max', title: t('trunks.calls_max'), width: '120px', isWide: true, isNumber: true, cell: (trunk) => trunk.calls_max },
      { id: 'active', title: t('field.state'), width: 'minmax(96px, 1fr)', cell: (trunk) => <State trunk={trunk} /> },
    ],
    blank: () => ({ id: '', name: '', sources: [], username: null, realm: null, peer: null, transport: 'udp', calls_max: 30, is_active: true, is_pinged: true, is_registering: false, register_secs: 600, domain: null, calls_per_sec: null, ...NO_RULES, stir: NO_STIR, identity: USUAL_IDENTITY, tls: USUAL_TLS, media_encryption: 'optional', password: '' }),
    toForm: (trunk) => ({ ...NO_RULES, ...trunk, password: '' }),
    toBody: ({ password, ...trunk }) => ({
      ...trunk,
      name: trunk.name.trim(),
      sources: trunk.sources.map((one) => one.trim()).filter((one) => one !== ''),
      username: orNull(trunk.username),
      realm: orNull(trunk.username) && orNull(trunk.realm),
      peer: orNull(trunk.peer),
      domain: orNull(trunk.domain),
      ...tidyRules(trunk),
      stir: { ...trunk.stir, own_numbers: (trunk.stir?.own_numbers ?? []).map((one) => one.trim()).filter((one) => one !== '') },
      tls: tidyTls(trunk.tls),
      is_pinged: trunk.is_pinged && orNull(trunk.peer) !== null,
      is_registering: trunk.is_registering && orNull(trunk.peer) !== null && orNull(trunk.username) !== null,
      ...(password === '' ? {} : { password }),
    }),
    check: (trunk, isNew) => {
      const wrong = trunk.sources.find((one) => one.trim() !== '' && !ADDRESS.test(one.trim()))
      return {
        ...checkKey(trunk, isNew),
        sources: wrong === undefined ? (trunk.sources.every((one) => one.trim() === '') && !trunk.tls?.is_required && !orNull(trunk.username) && !orNull(trunk.peer) ? t('trunks.nothing') : undefined) : t('trunks.no_address', { text: wrong.trim() }),
        peer: trunk.peer && orNull(trunk.peer) && !PEER.test(trunk.peer.trim()) ? t('trunks.no_peer') : undefined,
        realm: orNull(trunk.username) && orNull(trunk.peer) && !orNull(trunk.realm) ? t('trunks.realm_missing') : undefined,
        password: isNew && orNull(trunk.username) && trunk.password === '' ? t('trunks.password_missing') : undefined,
        calls_max: range(trunk.calls_max, 1, 10_000),
        calls_per_sec: trunk.calls_per_sec == null ? undefined : range(trunk.calls_per_sec, 1, 1_000),
        register_secs: trunk.is_registering ? range(trunk.register_secs ?? Number.NaN, 60, 86_400) : undefined,
      }
    },
    Fields,
    isFinal: (trunk) => Boolean(trunk.username),
  }
  return <DirectoryPage kind={kind} />
}

/** How the trunks are at this moment. */
function useTrunkStates() {
  return useQuery({
    queryKey: ['trunk-states'],
    queryFn: ({ signal }) => api.get<Page<TrunkView>>('/trunk-states', {}, signal).then((page) => page.items),
    refetchInterval: 5_000,
  })
}

function State({ trunk }: { trunk: Trunk }) {
  const { t } = useTexts('admin')
  const text = useTrunkText()
  const state = useTrunkStates().data?.find((one) => one.id === trunk.id)
  if (!trunk.is_active) return <Badge>{t('inactive')}</Badge>
  const words = state === undefined ? '' : text.state(state)
  if (state === undefined || words === '') return <span className="text-ink-2">{t('active')}</span>
  return (
    <span title={text.since(state)} data-testid={`trunk-state-${trunk.id}`}>
      <Badge tone={isTrunkBad(state) ? 'bad' : 'good'}>{words}</Badge>
    </span>
  )
}

function orNull(text: string | null | undefined): string | null {
  return text === null || text === undefined || text.trim() === '' ? null : text.trim()
}

function Fields({ form, isNew }: FieldsProps<Trunk>) {
  const { t } = useTexts('admin')
  const { values, set, errorOf } = form
  return (
    <>
      <NameAndKey form={form} isNew={isNew} />
      <Group title={t('trunks.inbound')}>
        <TextArea label={t('trunks.sources')} value={values.sources.join('\n')} onChange={(text) => set('sources', text === '' ? [] : text.split('\n'))} rows={3} help={t('trunks.sources_help')} error={errorOf('sources')} inputClassName="font-mono" data-testid="field-sources" />
        <TextField label={t('trunks.username')} value={values.username ?? ''} onChange={(text) => set('username', text)} autoComplete="off" help={t('trunks.username_help')} error={errorOf('username')} />
        {values.username && <SecretField label={t('field.password')} value={values.password} onChange={(text) => set('password', text)} isKept={!isNew} error={errorOf('password')} />}
      </Group>
      <Group title={t('trunks.outbound')}>
        <div className="grid grid-cols-[1fr_88px] gap-2">
          <TextField label={t('trunks.peer')} value={values.peer ?? ''} onChange={(text) => set('peer', text)} placeholder="sip.example.com:5060" help={t('trunks.peer_help')} error={errorOf('peer')} data-testid="field-peer" />
          <Select
            label={t('trunks.transport')}
            choices={[
              { id: 'udp', label: 'UDP' },
              { id: 'tcp', label: 'TCP' },
              { id: 'tls', label: 'TLS' },
              { id: 'auto', label: 'DNS' },
            ]}
            value={values.transport}
            onChange={(id) => set('transport', id)}
            error={errorOf('transport')}
            data-testid="field-transport"
          />
        </div>
        {values.username && <TextField label={t('trunks.realm')} value={values.realm ?? ''} onChange={(text) => set('realm', text)} placeholder="sip.example.com" autoComplete="off" help={t('trunks.realm_help')} error={errorOf('realm')} data-testid="field-realm" />}
        {values.peer && (
          <Checkbox isSelected={values.is_pinged ?? false} onChange={(isOn) => set('is_pinged', isOn)}>
            {t('trunks.is_pinged')}
          </Checkbox>
        )}
        {values.peer && values.username && (
          <>
            <Checkbox isSelected={values.is_registering ?? false} onChange={(isOn) => set('is_registering', isOn)}>
              {t('trunks.is_registering')}
            </Checkbox>
            {values.is_registering && (
              <>
                <TextField label={t('trunks.domain')} value={values.domain ?? ''} onChange={(text) => set('domain', text)} placeholder="example.com" help={t('trunks.domain_help')} error={errorOf('domain')} data-testid="field-domain" />
                <NumberField label={t('trunks.register_secs')} value={values.register_secs ?? 600} onChange={(value) => set('register_secs', value)} error={errorOf('register_secs')} />
              </>
            )}
          </>
        )}
        <div className="grid grid-cols-2 gap-2">
          <NumberField label={t('trunks.calls_max')} value={values.calls_max} onChange={(value) => set('calls_max', value)} help={t('trunks.calls_max_help')} error={errorOf('calls_max')} />
          <NumberField label={t('trunks.calls_per_sec')} value={values.calls_per_sec ?? 0} onChange={(value) => set('calls_per_sec', value === 0 ? null : value)} help={t('trunks.calls_per_sec_help')} error={errorOf('calls_per_sec')} data-testid="field-calls-per-sec" />
        </div>
        <Checkbox isSelected={values.is_active} onChange={(isOn) => set('is_active', isOn)}>
          {t('trunks.active')}
        </Checkbox>
      </Group>
      <MediaEncryption value={values.media_encryption} onChange={(one) => set('media_encryption', one)} error={errorOf('media_encryption')} />
      <Checkbox isSelected={values.keeps_levels ?? false} onChange={(isOn) => set('keeps_levels', isOn)} data-testid="field-keeps-levels">
        {t('trunks.keeps_levels')}
      </Checkbox>
      <p className="-mt-2 text-xs text-ink-3">{t('trunks.keeps_levels_help')}</p>
      <TrunkTls tls={values.tls} onTls={(tls) => set('tls', tls)} isOutOverTls={Boolean(values.peer) && values.transport === 'tls'} errorOf={errorOf} />
      <TrunkRulesFields form={form} />
      <TrunkIdentity stir={values.stir} onStir={(stir) => set('stir', stir)} identity={values.identity} onIdentity={(identity) => set('identity', identity)} errorOf={errorOf} />
    </>
  )
}
