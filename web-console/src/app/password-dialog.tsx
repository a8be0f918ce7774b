// The own password. The server ends every session of the user with it, this one too, so the page signs in again by itself.
import { useQueryClient } from '@tanstack/react-query'
import { api, ApiProblem } from '@/api/client'
import { signIn, type Session } from '@/api/session'
import { useTexts } from '@/i18n/use-texts'
import { FormProblem } from '@/lib/form-problem'
import { useForm } from '@/lib/use-form'
import { useFloor } from '@/lib/use-live'
import { live } from '@/live/console'
import { floorStore } from '@/live/stores/floor'
import { Button, Dialog, showToast, TextField } from '@/ui'

export function PasswordDialog({ session, onClose }: { session: Session; onClose: () => void }) {
  const { t } = useTexts('app')
  const client = useQueryClient()
  const isBusy = useFloor((floor) => floor.calls.length > 0)
  const [{ values, set, errorOf, problem, isSaving, submit }, ref] = useForm({
    // `password` is what the server calls the new one when it refuses it.
    initial: { old: '', password: '', again: '' },
    check: (typed) => ({
      old: typed.old === '' ? t('common:error.required') : undefined,
      password: typed.password === '' ? t('common:error.required') : undefined,
      again: typed.again === typed.password ? undefined : t('password.differs'),
    }),
    save: async (typed) => {
      await withoutConnection(async () => {
        await api.put('/session/password', { old: typed.old, new: typed.password })
        await signIn(client, session.user, typed.password)
      })
      showToast({ tone: 'good', text: t('password.done') })
      onClose()
    },
  })
  const isWrong = problem instanceof ApiProblem && problem.status === 401
  return (
    <Dialog title={t('password.title')} isOpen onClose={onClose} closeLabel={t('common:close')} width="sm">
      <form ref={ref} onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-3">
        <p className="text-ink-2">{t(isBusy ? 'password.busy' : 'password.about')}</p>
        <input type="text" name="username" autoComplete="username" value={session.user} readOnly hidden />
        <TextField label={t('password.old')} type="password" autoComplete="current-password" value={values.old} onChange={(text) => set('old', text)} autoFocus isRequired error={isWrong ? t('password.wrong') : errorOf('old')} data-testid="password-old" />
        <TextField label={t('password.new')} type="password" autoComplete="new-password" value={values.password} onChange={(text) => set('password', text)} isRequired help={t('password.help')} error={errorOf('password')} data-testid="password-new" />
        <TextField label={t('password.again')} type="password" autoComplete="new-password" value={values.again} onChange={(text) => set('again', text)} isRequired error={errorOf('again')} data-testid="password-again" />
        {!isWrong && <FormProblem problem={problem} />}
        <div className="flex justify-end gap-2">
          <Button onPress={onClose}>{t('common:cancel')}</Button>
          <Button type="submit" tone="accent" isDisabled={isSaving || isBusy} data-testid="password-save">
            {isSaving ? t('common:saving') : t('password.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** The connection of a session that ends would lead to the sign-in page before there is a new one. */
async function withoutConnection(run: () => Promise<void>): Promise<void> {
  const wasConnected = floorStore.getState().connection.is !== 'idle'
  if (wasConnected) live.disconnect()
  try {
    await run()
  } finally {
    if (wasConnected) live.connect()
  }
}
