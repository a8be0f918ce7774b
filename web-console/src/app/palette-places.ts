// Where the palette can go: the sections of the rail, those of the administration, and forms for something new.
import { useNavigate } from '@tanstack/react-router'
import { FilePlus2, Settings, Upload, UserRoundPlus, Volume2 } from 'lucide-react'
import type { Session } from '@/api/session'
import { SECTIONS as ADMIN_SECTIONS } from '@/features/admin/search'
import { useTexts } from '@/i18n/use-texts'
import type { Entry } from './palette-entry'
import { SECTIONS } from './sections'

export interface Places {
  /** Shown before anything is typed. */
  main: Entry[]
  /** Found by typing only. */
  further: Entry[]
}

export function usePlaces(session: Session): Places {
  const { t } = useTexts('app')
  const { t: adminText } = useTexts('admin')
  const navigate = useNavigate()
  const go = (href: string) => () => void navigate({ href })
  return {
    main: SECTIONS.filter((section) => section.isFor(session)).map(({ to, key, icon }) => ({ id: `go-${key}`, icon, title: t(`nav.${key}`), run: go(to) })),
    further: [
      { id: 'go-new-customer', icon: UserRoundPlus, title: t('palette.new_customer'), run: go('/customers/new') },
      { id: 'go-new-ticket', icon: FilePlus2, title: t('palette.new_ticket'), run: go('/tickets/new') },
      { id: 'go-import', icon: Upload, title: t('palette.import'), run: go('/customers/import') },
      { id: 'go-check', icon: Volume2, title: t('user.check'), run: go('/check') },
      ...(session.role === 'administrator'
        ? ADMIN_SECTIONS.map((id) => ({ id: `go-admin-${id}`, icon: Settings, title: adminText(`section.${id}`), detail: t('nav.admin'), words: t('nav.admin'), run: go(`/admin/${id}`) }))
        : []),
    ],
  }
}
