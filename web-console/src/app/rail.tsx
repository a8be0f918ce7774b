import { Link } from '@tanstack/react-router'
import { Languages, Moon, Search, Sun, UserRound } from 'lucide-react'
import { useTexts } from '@/i18n/use-texts'
import { Button as AriaButton } from 'react-aria-components'
import { useStore } from 'zustand'
import type { Session } from '@/api/session'
import { changeLanguage } from '@/i18n'
import { chooseTheme, otherTheme, themeStore } from '@/lib/theme'
import { cx, Menu, Tip } from '@/ui'
import { useKeysOf } from '@/lib/keymap'
import { showOverlay } from './hotkeys'
import { SECTIONS } from './sections'

const ITEM =
  'flex w-full cursor-pointer flex-col items-center gap-0.5 rounded-md px-0.5 py-1.5 text-xs tracking-tight text-ink-2 no-underline hover:bg-hover hover:text-ink'

export function Rail({ session, onSignOut }: { session: Session; onSignOut: () => void }) {
  const { t } = useTexts('app')
  return (
    <nav aria-label={t('nav.label')} className="row-span-3 flex min-h-0 w-20 flex-col items-center gap-0.5 border-r border-line bg-sunken px-1 py-2 max-md:w-12">
      <Link to="/" aria-label="Centralita" className="mb-2 flex size-9 items-center justify-center rounded-md">
        <img src="/favicon.svg" alt="" width={28} height={28} />
      </Link>
      <SearchButton />
      {/* Where the window is low, the sections scroll and the rest stays. */}
      <div className="-mx-1 flex min-h-0 flex-1 flex-col gap-0.5 self-stretch overflow-y-auto px-1 py-0.5">
        {SECTIONS.filter((section) => section.isFor(session)).map(({ to, key, icon: Icon }) => (
          <Link key={to} to={to} className={cx(ITEM, 'shrink-0')} activeProps={{ className: 'bg-surface text-accent-ink font-medium', 'aria-current': 'page' }}>
            <Icon size={19} strokeWidth={1.75} aria-hidden />
            <span className="max-w-full truncate max-md:sr-only">{t(`nav.${key}`)}</span>
          </Link>
        ))}
      </div>
      <div className="flex w-full flex-col items-center gap-0.5">
        <LanguageButton className={ITEM} />
        <ThemeButton className={ITEM} />
        <UserMenu user={session} onSignOut={onSignOut} />
      </div>
    </nav>
  )
}

function SearchButton() {
  const { t } = useTexts('app')
  const keys = useKeysOf('palette')
  const label = t('palette.title')
  return (
    <Tip text={keys ? `${label} (${keys.text})` : label}>
      <AriaButton data-testid="search" aria-label={label} aria-keyshortcuts={keys?.aria} onPress={() => showOverlay('palette')} className={ITEM}>
        <Search size={19} strokeWidth={1.75} aria-hidden />
        <span aria-hidden className="max-w-full truncate max-md:sr-only">
          {t('palette.short')}
        </span>
      </AriaButton>
    </Tip>
  )
}

export function LanguageButton({ className }: { className?: string }) {
  const { t, i18n } = useTexts('app')
  const other = i18n.language === 'es' ? 'en' : 'es'
  return (
    <Tip text={t('language.switch')}>
      <AriaButton data-testid="language" aria-label={`${t('language.label')}. ${t('language.switch')}`} onPress={() => void changeLanguage(other)} className={cx(className)}>
        <Languages size={18} strokeWidth={1.75} aria-hidden />
        <span aria-hidden>{i18n.language.toUpperCase()}</span>
      </AriaButton>
    </Tip>
  )
}

export function ThemeButton({ className }: { className?: string }) {
  const { t } = useTexts('app')
  const other = otherTheme(useStore(themeStore))
  const label = t(other === 'dark' ? 'theme.to_dark' : 'theme.to_light')
  const Icon = other === 'dark' ? Moon : Sun
  return (
    <Tip text={label}>
      <AriaButton
        data-testid="theme"
        aria-label={label}
        onPress={() => chooseTheme(other)}
        className={cx(className)}
      >
        <Icon size={18} strokeWidth={1.75} aria-hidden />
      </AriaButton>
    </Tip>
  )
}

function UserMenu({ user, onSignOut }: { user: Session; onSignOut: () => void }) {
  const { t } = useTexts('app')
  return (
    <Menu
      label={t('user.menu', { name: user.name })}
      placement="right bottom"
      trigger={
        <AriaButton data-testid="user-menu" aria-label={t('user.menu', { name: user.name })} className={ITEM}>
          <UserRound size={18} strokeWidth={1.75} aria-hidden />
          <span className="max-w-full truncate max-md:sr-only">{user.name.split(' ')[0]}</span>
        </AriaButton>
      }
      parts={[
        {
          title: `${user.name} · ${t(`role.${user.role}`)}`,
          entries: [
            { text: t('user.check'), href: '/check' },
            { text: t('user.keys'), onAction: () => showOverlay('keys') },
            { text: t('user.password'), onAction: () => showOverlay('password'), testId: 'password' },
            { text: t('user.sign_out'), onAction: onSignOut, testId: 'sign-out' },
          ],
        },
      ]}
    />
  )
}
