// What the palette can do: change the own state, the look of the console, end the session.
import { useQuery } from '@tanstack/react-query'
import { CircleCheck, CirclePause, CircleStop, Keyboard, Languages, LogOut, Moon, PhoneOutgoing, Sun } from 'lucide-react'
import { useStore } from 'zustand'
import { inLanguage, pauseReasonsQuery } from '@/api/queries'
import { choosePresence, isEngaged } from '@/features/dock/actions'
import { changeLanguage } from '@/i18n'
import { phoneText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { isFreeToDial } from '@/lib/call-end'
import { placeCall } from '@/lib/place-call'
import { chooseTheme, otherTheme, themeStore } from '@/lib/theme'
import { useFloor, useIsUp } from '@/lib/use-live'
import { showOverlay } from './hotkeys'
import type { Entry } from './palette-entry'

export interface Doings {
  always: Entry[]
  /** Calling this number, for those who can call now. */
  dial: (number: string) => Entry[]
}

export function useDoings(onSignOut: () => void): Doings {
  const { t, i18n } = useTexts('app')
  const { data: reasons = [] } = useQuery(pauseReasonsQuery)
  const presence = useFloor((floor) => floor.agent?.presence)
  const isFree = useFloor((floor) => floor.agent !== null && isFreeToDial(floor.calls))
  const isUp = useIsUp()
  const nextTheme = otherTheme(useStore(themeStore))
  // Within a call a state is chosen for afterwards, and says so.
  const when = presence && isEngaged(presence) ? { detail: t('palette.after_call') } : {}
  const words = t('palette.state_words')
  const states: Entry[] =
    presence && isUp
      ? [
          { id: 'do-ready', icon: CircleCheck, title: t('common:presence.ready'), words, ...when, run: () => void choosePresence({ state: 'ready' }) },
          ...reasons.map((reason) => ({
            id: `do-pause-${reason.id}`,
            icon: CirclePause,
            title: `${t('common:presence.paused')}: ${inLanguage(reason.names, i18n.language)}`,
            words,
            ...when,
            run: () => void choosePresence({ state: 'paused', reason: reason.id }),
          })),
          { id: 'do-offline', icon: CircleStop, title: t('common:presence.offline'), words, ...when, run: () => void choosePresence({ state: 'offline' }) },
        ]
      : []
  return {
    always: [
      ...states,
      { id: 'do-theme', icon: nextTheme === 'dark' ? Moon : Sun, title: t(nextTheme === 'dark' ? 'theme.to_dark' : 'theme.to_light'), run: () => chooseTheme(nextTheme) },
      { id: 'do-language', icon: Languages, title: t('language.switch'), run: () => void changeLanguage(i18n.language === 'es' ? 'en' : 'es') },
      { id: 'do-keys', icon: Keyboard, title: t('keys.title'), run: () => showOverlay('keys') },
      { id: 'do-sign-out', icon: LogOut, title: t('user.sign_out'), run: onSignOut },
    ],
    dial: (number) => (isFree && isUp ? [{ id: 'do-dial', icon: PhoneOutgoing, title: t('common:call_number', { number: phoneText(number) }), run: () => void placeCall(number, null) }] : []),
  }
}
