import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { FlaskConical, Languages, Moon, Sun } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { ApiProblem, api } from '@/api/client'
import { problemText } from '@/api/problem-text'
import { signIn } from '@/api/session'
import { changeLanguage } from '@/i18n'
import { useStore } from 'zustand'
import { chooseTheme, otherTheme, themeStore } from '@/lib/theme'
import { Button, TextField } from '@/ui'

/** A language is offered in its own words. */
const OWN_NAMES = { en: 'English', es: 'Español' } as const

export function LoginPage() {
  const { t, i18n } = useTexts('auth')
  const client = useQueryClient()
  const router = useRouter()
  const { to, ended } = useSearch({ from: '/login' })
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const nextTheme = otherTheme(useStore(themeStore))

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      await signIn(client, user.trim(), password)
      await router.navigate({ to: to ?? '/' })
    } catch (error) {
      const status = error instanceof ApiProblem ? error.status : undefined
      setProblem(status === 401 ? t('wrong') : status === 429 ? t('wait') : problemText(error))
    } finally {
      setBusy(false)
    }
  }

  // The one address that says whose centre this is before the sign-in.
  const { data: place } = useQuery({ queryKey: ['web-phone'], queryFn: () => api.get<{ centre_name: string; is_sample: boolean }>('/web-phone/lines'), retry: false })

  const otherLanguage = i18n.language === 'es' ? 'en' : 'es'
  return (
    <main className="flex h-full flex-col items-center justify-center gap-6 p-4">
      <form onSubmit={(event) => void submit(event)} className="flex w-full max-w-80 flex-col gap-4 rounded-lg border border-line bg-surface p-6">
        <header className="flex items-center gap-3">
          <img src="/favicon.svg" alt="" width={32} height={32} />
          <div>
            <p className="text-xs text-ink-3">{place?.centre_name ?? 'Centralita'}</p>
            <h1 className="text-lg">{t('title')}</h1>
          </div>
        </header>
        {ended && problem === null && (
          <p role="status" className="rounded-md bg-accent-soft px-3 py-2 text-accent-ink" data-testid="session-ended">
            {t('ended')}
          </p>
        )}
        <TextField label={t('user')} value={user} onChange={setUser} autoComplete="username" autoFocus data-testid="sign-in-user" name="user" />
        <TextField label={t('password')} value={password} onChange={setPassword} type="password" autoComplete="current-password" data-testid="sign-in-password" name="password" />
        {problem !== null && (
          <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-bad-ink">
            {problem}
          </p>
        )}
        <Button type="submit" tone="accent" size="lg" isDisabled={isBusy} data-testid="sign-in-submit">
          {isBusy ? t('submitting') : t('submit')}
        </Button>
      </form>
      {place?.is_sample && (
        <p className="flex max-w-80 items-start gap-2 text-xs text-ink-2" data-testid="sample-notice">
          <FlaskConical size={14} aria-hidden className="mt-px shrink-0" />
          {t('app:status.sample')} {t('sample_hint')}
        </p>
      )}
      <footer className="flex max-w-80 flex-wrap items-center justify-center gap-x-2 gap-y-1">
        <Button size="sm" tone="plain" icon={Languages} data-testid="language" onPress={() => void changeLanguage(otherLanguage)}>
          <span lang={otherLanguage}>{OWN_NAMES[otherLanguage]}</span>
        </Button>
        <Button size="sm" tone="plain" icon={nextTheme === 'dark' ? Moon : Sun} data-testid="theme" onPress={() => chooseTheme(nextTheme)}>
          {t(nextTheme === 'dark' ? 'app:theme.to_dark' : 'app:theme.to_light')}
        </Button>
        <a href="/call" className="px-2 text-accent-ink hover:underline">
          {t('web_phone')}
        </a>
      </footer>
    </main>
  )
}
