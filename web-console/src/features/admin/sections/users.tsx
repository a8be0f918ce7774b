import { KeyRound, UserRound } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import type { Versioned } from '@/api/records'
import type { Role } from '@/api/session'
import { LANGUAGE_NAMES, LANGUAGES } from '@/i18n'
import { useTexts } from '@/i18n/use-texts'
import { FormProblem } from '@/lib/form-problem'
import { useForm } from '@/lib/use-form'
import { Badge, Button, Checkbox, Select, showToast } from '@/ui'
import { DirectoryPage, type FieldsProps, type Kind } from '../directory'
import { NameAndKey, SecretField, useKeyChecks } from '../form-parts'

interface User {
  id: string
  name: string
  role: Role
  language: string
  is_active: boolean
  /** Only on the way in. */
  password: string
}

const ROLES: readonly Role[] = ['agent', 'supervisor', 'administrator']
const PASSWORD_CHARS_MIN = 10

export function UsersSection() {
  const { t } = useTexts('admin')
  const checkKey = useKeyChecks()
  const kind: Kind<User> = {
    section: 'users',
    icon: UserRound,
    path: '/users',
    keyOf: (user) => user.id,
    nameOf: (user) => user.name,
    columns: [
      { id: 'name', title: t('field.name'), width: 'minmax(140px, 1.5fr)', cell: (user) => <span className="font-medium">{user.name}</span> },
      { id: 'id', title: t('field.sign_in'), width: 'minmax(96px, 1fr)', cell: (user) => user.id },
      { id: 'role', title: t('field.role'), width: '120px', cell: (user) => t(`app:role.${user.role}`) },
      { id: 'language', title: t('field.language'), width: '88px', isWide: true, cell: (user) => LANGUAGE_NAMES[user.language === 'es' ? 'es' : 'en'] },
      { id: 'active', title: t('field.state'), width: '96px', cell: (user) => (user.is_active ? <span className="text-ink-2">{t('active')}</span> : <Badge>{t('inactive')}</Badge>) },
    ],
    blank: () => ({ id: '', name: '', role: 'agent', language: 'es', is_active: true, password: '' }),
    toForm: (user) => ({ ...user, password: '' }),
    toBody: ({ id, name, role, language, is_active, password }, isNew) => (isNew ? { id, name: name.trim(), role, language, password } : { name: name.trim(), role, language, is_active }),
    check: (user, isNew) => ({
      ...checkKey(user, isNew),
      password: isNew && user.password.length < PASSWORD_CHARS_MIN ? t('password_short', { count: PASSWORD_CHARS_MIN }) : undefined,
    }),
    Fields,
    Extra: NewPassword,
    isFinal: () => true,
  }
  return <DirectoryPage kind={kind} />
}

function Fields({ form, isNew }: FieldsProps<User>) {
  const { t } = useTexts('admin')
  const { values, set, errorOf } = form
  return (
    <>
      <NameAndKey form={form} isNew={isNew} keyHelp={t('users.key_help')} />
      <div className="grid grid-cols-2 gap-2">
        <Select label={t('field.role')} choices={ROLES.map((id) => ({ id, label: t(`app:role.${id}`) }))} value={values.role} onChange={(id) => set('role', ROLES.find((one) => one === id) ?? 'agent')} error={errorOf('role')} data-testid="field-role" />
        <Select label={t('field.language')} choices={LANGUAGES.map((id) => ({ id, label: LANGUAGE_NAMES[id] }))} value={values.language} onChange={(id) => set('language', id)} error={errorOf('language')} />
      </div>
      <p className="text-xs text-ink-3">{t(`users.role.${values.role}`)}</p>
      {isNew ? (
        <SecretField label={t('field.password')} value={values.password} onChange={(text) => set('password', text)} isKept={false} error={errorOf('password')} />
      ) : (
        <div>
          <Checkbox isSelected={values.is_active} onChange={(isOn) => set('is_active', isOn)} data-testid="field-active">
            {t('users.may_sign_in')}
          </Checkbox>
          {errorOf('is_active') !== undefined && <p className="text-xs text-bad-ink">{errorOf('is_active')}</p>}
        </div>
      )}
    </>
  )
}

function NewPassword({ entry }: { entry: Versioned<User> }) {
  const { t } = useTexts('admin')
  const [isOpen, setOpen] = useState(false)
  const [form] = useForm({
    initial: { password: '' },
    check: ({ password }) => ({ password: password.length < PASSWORD_CHARS_MIN ? t('password_short', { count: PASSWORD_CHARS_MIN }) : undefined }),
    save: async ({ password }) => {
      await api.put(`/users/${encodeURIComponent(entry.id)}/password`, { password })
      showToast({ tone: 'good', text: t('users.password_set', { name: entry.name }) })
      setOpen(false)
    },
  })
  if (!isOpen)
    return (
      <div className="border-t border-line pt-3">
        <Button icon={KeyRound} onPress={() => setOpen(true)} data-testid="password-reset">
          {t('users.new_password')}
        </Button>
      </div>
    )
  return (
    <div className="flex flex-col gap-2 border-t border-line pt-3">
      <SecretField label={t('users.new_password')} value={form.values.password} onChange={(text) => form.set('password', text)} isKept={false} error={form.errorOf('password')} />
      <p className="text-xs text-ink-3">{t('users.password_ends')}</p>
      <FormProblem problem={form.problem} />
      <div className="flex gap-2">
        <Button size="sm" isDisabled={form.isSaving} onPress={() => void form.submit()} data-testid="password-save">
          {t('users.set_password')}
        </Button>
        <Button size="sm" tone="plain" onPress={() => setOpen(false)}>
          {t('common:cancel')}
        </Button>
      </div>
    </div>
  )
}
