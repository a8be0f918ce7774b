// The signalling of a call, as far as the server still has it. It is asked for by hand, since every reading is written down.
import { useQuery } from '@tanstack/react-query'
import { Activity, Download, RefreshCw } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import type { Signalling } from '@/api/records'
import { useTexts } from '@/i18n/use-texts'
import { LoadProblem } from '@/lib/load-problem'
import { Button, ButtonLink, Section, SkeletonLines } from '@/ui'
import { Ladder } from './ladder'

export function SignallingSection({ call }: { call: string }) {
  const { t } = useTexts('calls')
  const [isOpen, setOpen] = useState(false)
  const query = useQuery({
    queryKey: ['calls', call, 'signalling'],
    queryFn: ({ signal }) => api.get<Signalling>(`/calls/${call}/signalling`, {}, signal),
    enabled: isOpen,
    // Only by hand, for the same reason.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const state = query.data?.state
  const isKept = state === 'whole' || state === 'partial'
  return (
    <Section
      title={t('signalling.title')}
      className="border-t border-line px-4 pt-2 pb-4"
      aside={
        isKept && (
          <span className="flex flex-wrap justify-end gap-1">
            <Button size="sm" tone="plain" icon={RefreshCw} onPress={() => void query.refetch()} isDisabled={query.isFetching}>
              {t('signalling.again_load')}
            </Button>
            <ButtonLink size="sm" href={`/api/v1/calls/${call}/signalling.pcap`} download={`call-${call}.pcap`} icon={Download} data-testid="signalling-pcap">
              {t('signalling.pcap')}
            </ButtonLink>
          </span>
        )
      }
    >
      {!isOpen && (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Button size="sm" icon={Activity} onPress={() => setOpen(true)} data-testid="signalling-open">
            {t('signalling.open')}
          </Button>
          <p className="text-xs text-ink-3">{t('signalling.audited')}</p>
        </div>
      )}
      {query.isLoading && <SkeletonLines count={6} label={t('common:loading')} />}
      {query.isError && <LoadProblem problem={query.error} onRetry={() => void query.refetch()} />}
      {query.data && isKept && <Ladder signalling={query.data} />}
      {(state === 'gone' || state === 'off') && <p className="max-w-prose text-ink-2">{t(`signalling.state.${state}`)}</p>}
    </Section>
  )
}
