import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Copy, KeySquare, Plus, X } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import { problemText } from '@/api/problem-text'
import type { Schemas } from '@/api/types'
import { dateText, dateTimeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { FormProblem } from '@/lib/form-problem'
import { LoadProblem } from '@/lib/load-problem'
import { useForm } from '@/lib/use-form'
import { Button, DateField, EmptyState, IconButton, Page, Select, showToast, SkeletonLines, Table, TextField, type Column } from '@/ui'
import { RemoveButton, useEntries } from '../directory'
import { Choices } from '../form-parts'

interface ApiToken {
  id: string
  user: string
  name: string
  scopes: string[]
  created_at: string
  expires_at?: string | null
  used_at?: string | null
}

const SCOPES = ['see_directory', 'take_calls', 'work_tickets', 'work_customers', 'import_customers', 'see_calls', 'see_signalling', 'hear_recordings', 'supervise', 'read_events', 'keep_recordings', 'administer', 'manage_users'] as const
type Scope = (typeof SCOPES)[number]
type Role = Schemas['Role']

const OF_AGENTS: readonly Scope[] = ['see_directory', 'take_calls', 'work_tickets', 'work_customers']
const OF_SUPERVISORS: readonly Scope[] = [...OF_AGENTS, 'import_customers', 'see_calls', 'see_signalling', 'hear_recordings', 'supervise', 'read_events']
/** What each role has; a token has nothing beyond it. */
const SCOPES_OF: Readonly<Record<Role, readonly Scope[]>> = { agent: OF_AGENTS, supervisor: OF_SUPERVISORS, administrator: SCOPES }

export function TokensSection() {
  const { t, i18n } = useTexts('admin')
  const client = useQueryClient()
  const list = useEntries<ApiToken>('/tokens')
  const [isMaking, setMaking] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const renew = () => void client.invalidateQueries({ queryKey: ['tokens'] })
  const revoke = useMutation({
    mutationFn: (token: ApiToken) => api.delete(`/tokens/${encodeURIComponent(token.id)}`),
    onSuccess: (_, token) => {
      renew()
      showToast({ tone: 'good', text: t('tokens.revoked', { name: token.name }) })
    },
    onError: (error) => showToast({ tone: 'bad', text: problemText(error) }),
  })
  const columns: ReadonlyArray<Column<ApiToken>> = [
    { id: 'name', title: t('tokens.what_for'), width: 'minmax(120px, 1.2fr)', cell: (token) => <span className="font-medium">{token.name}</span> },
    { id: 'user', title: t('field.user'), width: 'minmax(80px, 0.6fr)', cell: (token) => token.user },
    { id: 'scopes', title: t('tokens.scopes'), width: 'minmax(140px, 1.6fr)', cell: (token) => token.scopes.map((scope) => scopeText(scope, t)).join(', ') },
    { id: 'expires', title: t('tokens.expires'), width: '112px', cell: (token) => (token.expires_at ? dateText(token.expires_at, i18n.language) : t('tokens.never')) },
    { id: 'used', title: t('tokens.used'), width: '148px', cell: (token) => (token.used_at ? dateTimeText(token.used_at, i18n.language) : t('tokens.unused')) },
    { id: 'revoke', title: t('common:remove'), isTitleHidden: true, width: '136px', cell: (token) => <RemoveButton size="sm" isFinal onRemove={() => revoke.mutate(token)} /> },
  ]
  return (
    <Page
      isFlush
      title={t('section.tokens')}
      actions={
        <Button tone="accent" icon={Plus} onPress={() => setMaking(true)} data-testid="entry-new">
          {t('tokens.new')}
        </Button>
      }
    >
      <div className="flex h-full min-h-0">
        <div className="min-h-0 min-w-0 flex-1 overflow-auto">
          <p className="max-w-3xl px-4 py-2 text-xs text-ink-3">{t('about.tokens')}</p>
          {secret !== null && <Secret secret={secret} onClose={() => setSecret(null)} />}
          {list.isPending && <SkeletonLines count={5} label={t('common:loading')} />}
          {list.isError && <LoadProblem problem={list.error} onRetry={() => void list.refetch()} />}
          {list.data?.length === 0 && (
            <EmptyState icon={KeySquare} title={t('empty')}>
              {t('tokens.none')}
            </EmptyState>
          )}
          {list.data !== undefined && list.data.length > 0 && <Table label={t('section.tokens')} columns={columns} rows={list.data} rowKey={(token) => token.id} />}
        </div>
        {isMaking && (
          <NewToken
            onClose={() => setMaking(false)}
            onMade={(made) => {
              setSecret(made)
              setMaking(false)
              renew()
            }}
          />
        )}
      </div>
    </Page>
  )
}

function scopeText(scope: string, t: ReturnType<typeof useTexts<'admin'>>['t']): string {
  const known = SCOPES.find((one) => one === scope)
  return known ? t(`scope.${known}`) : scope
}

function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { t } = useTexts('admin')
  const copy = () => {
    void navigator.clipboard.writeText(secret).then(
      () => showToast({ tone: 'good', text: t('tokens.copied') }),
      () => showToast({ tone: 'bad', text: t('tokens.copy_failed') }),
    )
  }
  return (
    <div role="status" className="mx-4 mb-3 flex items-start gap-2 rounded-md bg-good-soft p-3 text-good-ink">
      <div className="min-w-0 flex-1">
        <p className="font-semibold">{t('tokens.once')}</p>
        <code className="mt-1 block break-all text-ink" data-testid="token-secret">
          {secret}
        </code>
      </div>
      <Button size="sm" icon={Copy} onPress={copy}>
        {t('tokens.copy')}
      </Button>
      <IconButton icon={X} label={t('common:close')} size="sm" onPress={onClose} />
    </div>
  )
}

interface Draft {
  user: string
  name: string
  scopes: Scope[]
  expires_at: string
}

function NewToken({ onClose, onMade }: { onClose: () => void; onMade: (secret: string) => void }) {
  const { t } = useTexts('admin')
  const { data: users = [] } = useEntries<{ id: string; name: string; role: Role; is_active: boolean }>('/users')
  const [form, ref] = useForm<Draft>({
    initial: { user: '', name: '', scopes: [], expires_at: '' },
    check: (values) => ({
      user: values.user === '' ? t('agents.choose_user') : undefined,
      name: values.name.trim() === '' ? t('common:error.required') : undefined,
      scopes: values.scopes.length === 0 ? t('tokens.choose_scope') : undefined,
    }),
    save: async (values) => {
      const made = await api.post<{ token: ApiToken; secret: string }>('/tokens', {
        ...values,
        name: values.name.trim(),
        // Valid through the whole of that day, here.
        expires_at: values.expires_at === '' ? null : new Date(`${values.expires_at}T23:59:59`).toISOString(),
      })
      onMade(made.secret)
    },
  })
  const { values, set, errorOf } = form
  const scopesOf = (user: string) => SCOPES_OF[users.find((one) => one.id === user)?.role ?? 'administrator']
  const allowed = scopesOf(values.user)
  const choose = (user: string) => {
    set('user', user)
    set('scopes', values.scopes.filter((scope) => scopesOf(user).includes(scope)))
  }
  const wrongScope = values.scopes.map((_, i) => errorOf(`scopes[${i}]`)).find((error) => error !== undefined)
  return (
    <aside aria-label={t('tokens.new')} className="flex min-h-0 w-100 shrink-0 flex-col border-l border-line bg-ground">
      <header className="flex h-11 shrink-0 items-center border-b border-line px-4">
        <h2 className="flex-1 text-lg">{t('tokens.new')}</h2>
        <IconButton icon={X} label={t('common:close')} size="sm" onPress={onClose} />
      </header>
      <form ref={ref} onSubmit={(event) => void form.submit(event)} className="flex min-h-0 flex-1 flex-col" noValidate>
        <div className="flex min-h-0 flex-1 flex-col gap-3 overflow-auto p-4">
          <TextField label={t('tokens.what_for')} value={values.name} onChange={(name) => set('name', name)} isRequired autoFocus error={errorOf('name')} maxLength={100} data-testid="field-name" />
          <Select label={t('tokens.rights_of')} choices={users.filter((user) => user.is_active).map((user) => ({ id: user.id, label: `${user.name} (${user.id})` }))} value={values.user === '' ? null : values.user} onChange={choose} placeholder={t('choose')} isRequired error={errorOf('user')} data-testid="field-user" />
          <Choices label={t('tokens.scopes')} choices={allowed.map((id) => ({ id, label: t(`scope.${id}`) }))} chosen={values.scopes} onChange={(ids) => set('scopes', ids)} error={errorOf('scopes') ?? wrongScope} />
          <DateField label={t('tokens.expires')} value={values.expires_at} onChange={(date) => set('expires_at', date)} help={t('tokens.expires_help')} error={errorOf('expires_at')} className="w-40" />
          <FormProblem problem={form.problem} />
        </div>
        <footer className="flex shrink-0 gap-2 border-t border-line px-4 py-2.5">
          <Button type="submit" tone="accent" isDisabled={form.isSaving} data-testid="entry-save">
            {t('tokens.make')}
          </Button>
          <Button tone="plain" onPress={onClose}>
            {t('common:cancel')}
          </Button>
        </footer>
      </form>
    </aside>
  )
}
