// Who sent a call on before it reached us (Diversion, History-Info).
import type { Schemas } from '@/api/types'
import { phoneText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'

type Redirection = Schemas['Redirection']

/** A sentence, the latest first; nothing where nobody did. */
export function useRedirectionsText(): (redirections: readonly Redirection[] | undefined) => string | null {
  const { t } = useTexts('app')
  return (redirections) => {
    if (!redirections || redirections.length === 0) return null
    return redirections
      .map(({ by, reason }) => t('common:redirection.by', { who: by ? phoneText(by) : t('common:redirection.private'), why: t(`common:redirection.reason.${reason}`) }))
      .join(' · ')
  }
}
