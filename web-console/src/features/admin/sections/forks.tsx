// Outside systems that get calls' audio live.
import { RadioTower } from 'lucide-react'
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Badge, Checkbox, Select, TextField } from '@/ui'
import { DirectoryPage, useEntries, type FieldsProps, type Kind } from '../directory'
import { NameAndKey, SecretField, useKeyChecks } from '../form-parts'

type MediaFork = Schemas['MediaFork'] & { password: string }
type Target = MediaFork['target']
type Trunk = Schemas['Trunk']

const ADDRESS = /^wss?:\/\/[^\s@#]+$/
const BLANK: Record<Target['kind'], Target> = {
  websocket: { kind: 'websocket', url: '', is_plain_allowed: false },
  siprec: { kind: 'siprec', trunk: '', number: '' },
}

function tidyTarget(target: Target): Target {
  return target.kind === 'websocket' ? { ...target, url: target.url.trim() } : { ...target, number: target.number.trim() }
}

export function ForksSection() {
  const { t } = useTexts('admin')
  const checkKey = useKeyChecks()
  const kind: Kind<MediaFork> = {
    section: 'forks',
    icon: RadioTower,
    path: '/media-forks',
    keyOf: (fork) => fork.id,
    nameOf: (fork) => fork.name,
    columns: [
      { id: 'name', title: t('field.name'), width: 'minmax(120px, 1fr)', cell: (fork) => <span className="font-medium">{fork.name}</span> },
      { id: 'url', title: t('forks.url'), width: 'minmax(160px, 2fr)', isWide: true, cell: (fork) => (fork.target.kind === 'websocket' ? fork.target.url : `${fork.target.number} (${fork.target.trunk})`) },
      { id: 'active', title: t('field.state'), width: '96px', cell: (fork) => (fork.is_active ? <span className="text-ink-2">{t('active')}</span> : <Badge>{t('inactive')}</Badge>) },
    ],
    blank: () => ({ id: '', name: '', target: BLANK.websocket, is_active: true, password: '' }),
    toForm: (fork) => ({ ...fork, password: '' }),
    toBody: ({ password, ...fork }) => ({ ...fork, name: fork.name.trim(), target: tidyTarget(fork.target), ...(password === '' || fork.target.kind === 'siprec' ? {} : { password }) }),
    check: (fork, isNew) => ({
      ...checkKey(fork, isNew),
      ...(fork.target.kind === 'websocket'
        ? { 'target.url': ADDRESS.test(fork.target.url.trim()) ? undefined : t('forks.url_wrong') }
        : {
            'target.trunk': fork.target.trunk === '' ? t('common:error.required') : undefined,
            'target.number': fork.target.number.trim() === '' ? t('common:error.required') : undefined,
          }),
    }),
    Fields,
    isFinal: () => true,
    formWidth: 'lg:w-120',
  }
  return <DirectoryPage kind={kind} />
}

function Fields({ form, isNew }: FieldsProps<MediaFork>) {
  const { t } = useTexts('admin')
  const { values, set, errorOf } = form
  const { target } = values
  const { data: trunks = [] } = useEntries<Trunk>('/trunks')
  return (
    <>
      <NameAndKey form={form} isNew={isNew} />
      <Select
        label={t('forks.kind')}
        choices={[
          { id: 'websocket', label: t('forks.websocket') },
          { id: 'siprec', label: t('forks.siprec') },
        ]}
        value={target.kind}
        onChange={(kind) => set('target', BLANK[kind === 'siprec' ? 'siprec' : 'websocket'])}
        data-testid="field-kind"
      />
      {target.kind === 'websocket' ? (
        <>
          <TextField label={t('forks.url')} value={target.url} onChange={(url) => set('target', { ...target, url })} isRequired inputMode="url" autoComplete="off" placeholder="wss://" help={t('forks.url_help')} error={errorOf('target.url')} data-testid="field-url" />
          <SecretField label={t('forks.token')} value={values.password} onChange={(text) => set('password', text)} isKept={!isNew} error={errorOf('password')} />
          <p className="-mt-2 text-xs text-ink-3">{t('forks.token_help')}</p>
          <Checkbox isSelected={target.is_plain_allowed ?? false} onChange={(isOn) => set('target', { ...target, is_plain_allowed: isOn })}>
            {t('forks.plain')}
          </Checkbox>
        </>
      ) : (
        <>
          <Select label={t('forks.trunk')} choices={trunks.filter((trunk) => trunk.peer !== null).map((trunk) => ({ id: trunk.id, label: trunk.name }))} value={target.trunk === '' ? null : target.trunk} onChange={(trunk) => set('target', { ...target, trunk })} placeholder={t('choose')} error={errorOf('target.trunk')} data-testid="field-trunk" />
          <TextField label={t('forks.number')} value={target.number} onChange={(number) => set('target', { ...target, number })} isRequired autoComplete="off" placeholder="srs" help={t('forks.number_help')} error={errorOf('target.number')} data-testid="field-number" />
        </>
      )}
      <Checkbox isSelected={values.is_active} onChange={(isOn) => set('is_active', isOn)}>
        {t('forks.active')}
      </Checkbox>
    </>
  )
}
