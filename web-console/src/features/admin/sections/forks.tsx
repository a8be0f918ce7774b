// Outside systems that get calls' audio live.
import { RadioTower } from 'lucide-react'
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Badge, Checkbox, TextField } from '@/ui'
import { DirectoryPage, type FieldsProps, type Kind } from '../directory'
import { NameAndKey, SecretField, useKeyChecks } from '../form-parts'

type MediaFork = Schemas['MediaFork'] & { password: string }

const ADDRESS = /^wss?:\/\/[^\s@#]+$/

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
      { id: 'url', title: t('forks.url'), width: 'minmax(160px, 2fr)', isWide: true, cell: (fork) => fork.target.url },
      { id: 'active', title: t('field.state'), width: '96px', cell: (fork) => (fork.is_active ? <span className="text-ink-2">{t('active')}</span> : <Badge>{t('inactive')}</Badge>) },
    ],
    blank: () => ({ id: '', name: '', target: { kind: 'websocket', url: '', is_plain_allowed: false }, is_active: true, password: '' }),
    toForm: (fork) => ({ ...fork, password: '' }),
    toBody: ({ password, ...fork }) => ({ ...fork, name: fork.name.trim(), target: { ...fork.target, url: fork.target.url.trim() }, ...(password === '' ? {} : { password }) }),
    check: (fork, isNew) => ({
      ...checkKey(fork, isNew),
      'target.url': ADDRESS.test(fork.target.url.trim()) ? undefined : t('forks.url_wrong'),
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
  const change = (part: Partial<MediaFork['target']>) => set('target', { ...values.target, ...part })
  return (
    <>
      <NameAndKey form={form} isNew={isNew} />
      <TextField label={t('forks.url')} value={values.target.url} onChange={(url) => change({ url })} isRequired inputMode="url" autoComplete="off" placeholder="wss://" help={t('forks.url_help')} error={errorOf('target.url')} data-testid="field-url" />
      <SecretField label={t('forks.token')} value={values.password} onChange={(text) => set('password', text)} isKept={!isNew} error={errorOf('password')} />
      <p className="-mt-2 text-xs text-ink-3">{t('forks.token_help')}</p>
      <Checkbox isSelected={values.target.is_plain_allowed ?? false} onChange={(isOn) => change({ is_plain_allowed: isOn })}>
        {t('forks.plain')}
      </Checkbox>
      <Checkbox isSelected={values.is_active} onChange={(isOn) => set('is_active', isOn)}>
        {t('forks.active')}
      </Checkbox>
    </>
  )
}
