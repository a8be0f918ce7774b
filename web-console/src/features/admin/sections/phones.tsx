import { Phone as PhoneIcon } from 'lucide-react'
import type { AgentProfile, Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Badge, Checkbox, TextField } from '@/ui'
import { DirectoryPage, useEntries, type FieldsProps, type Kind } from '../directory'
import { SecretField } from '../form-parts'
import { MediaEncryption } from './media-encryption'

type Phone = Schemas['Phone'] & { password: string }

const ACCOUNT = /^[A-Za-z0-9._+-]{1,40}$/

export function PhonesSection() {
  const { t } = useTexts('admin')
  const { data: agents = [] } = useEntries<AgentProfile>('/agents')
  const kind: Kind<Phone> = {
    section: 'phones',
    icon: PhoneIcon,
    path: '/phones',
    keyOf: (phone) => phone.account,
    nameOf: (phone) => `${phone.account} · ${phone.name}`,
    columns: [
      { id: 'account', title: t('phones.account'), width: 'minmax(96px, 0.8fr)', cell: (phone) => <span className="font-medium">{phone.account}</span> },
      { id: 'name', title: t('field.name'), width: 'minmax(120px, 1.4fr)', cell: (phone) => <span className="font-medium">{phone.name}</span> },
      { id: 'agent', title: t('phones.agent'), width: 'minmax(120px, 1.2fr)', cell: (phone) => agents.find((agent) => agent.phone === phone.account)?.name ?? '' },
      { id: 'active', title: t('field.state'), width: '96px', cell: (phone) => (phone.is_active ? <span className="text-ink-2">{t('active')}</span> : <Badge>{t('inactive')}</Badge>) },
    ],
    blank: () => ({ account: '', name: '', is_active: true, media_encryption: 'optional', password: '' }),
    toForm: (phone) => ({ ...phone, password: '' }),
    toBody: ({ password, ...phone }) => ({ ...phone, name: phone.name.trim(), ...(password === '' ? {} : { password }) }),
    check: (phone, isNew) => ({
      account: ACCOUNT.test(phone.account) ? undefined : t('phones.account_wrong'),
      name: phone.name.trim() === '' ? t('common:error.required') : undefined,
      password: isNew && phone.password === '' ? t('phones.password_missing') : undefined,
    }),
    Fields,
    isFinal: () => true,
  }
  return <DirectoryPage kind={kind} />
}

function Fields({ form, isNew }: FieldsProps<Phone>) {
  const { t } = useTexts('admin')
  const { values, set, errorOf } = form
  return (
    <>
      {isNew && <TextField label={t('phones.account')} value={values.account} onChange={(text) => set('account', text)} isRequired autoFocus autoComplete="off" help={t('phones.account_help')} error={errorOf('account')} data-testid="field-account" />}
      <TextField label={t('field.name')} value={values.name} onChange={(name) => set('name', name)} isRequired error={errorOf('name')} maxLength={100} data-testid="field-name" />
      <SecretField label={t('field.password')} value={values.password} onChange={(text) => set('password', text)} isKept={!isNew} error={errorOf('password')} />
      <MediaEncryption value={values.media_encryption} onChange={(one) => set('media_encryption', one)} error={errorOf('media_encryption')} />
      <Checkbox isSelected={values.is_active} onChange={(isOn) => set('is_active', isOn)}>
        {t('phones.active')}
      </Checkbox>
      <p className="text-xs text-ink-3">{t('phones.help', { host: location.hostname })}</p>
    </>
  )
}
