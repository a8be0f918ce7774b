// Customers from a CSV file: first what would happen, then it happens. What is left out comes back as a file with the reasons.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useRouteContext } from '@tanstack/react-router'
import { CircleAlert, CircleCheck, Download, FileUp, Lock } from 'lucide-react'
import { useRef, useState } from 'react'
import { api, withQuery } from '@/api/client'
import { leftOutText, problemText } from '@/api/problem-text'
import type { ImportReport, ImportRow } from '@/api/records'
import { isSupervisor } from '@/api/session'
import { numberText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { saveFile } from '@/lib/save-file'
import { Badge, Button, cx, EmptyState, ErrorState, Page, Table, type Column } from '@/ui'

/** As the server takes it. */
const FILE_MIB_MAX = 20

export function ImportPage() {
  const { t } = useTexts('customers')
  const { session } = useRouteContext({ from: '/shell' })
  if (!isSupervisor(session.role))
    return (
      <Page title={t('import.title')}>
        <EmptyState icon={Lock} title={t('common:no_permission.title')}>
          {t('import.forbidden')}
        </EmptyState>
      </Page>
    )
  return <Import />
}

function Import() {
  const { t, i18n } = useTexts('customers')
  const client = useQueryClient()
  const [file, setFile] = useState<File | null>(null)
  const [isOver, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const look = useMutation({ mutationFn: (csv: File) => api.postFile<ImportReport>(withQuery('/customers/import', { dry_run: true, language: i18n.language }), csv, 'text/csv') })
  const take = useMutation({
    mutationFn: (csv: File) => api.postFile<ImportReport>(withQuery('/customers/import', { language: i18n.language }), csv, 'text/csv'),
    onSuccess: () => client.invalidateQueries({ queryKey: ['customers'] }),
  })
  const choose = (chosen: File | undefined) => {
    if (!chosen) return
    setFile(chosen)
    take.reset()
    look.mutate(chosen)
  }
  const report = take.data ?? look.data
  const again = () => {
    setFile(null)
    look.reset()
    take.reset()
  }
  return (
    <Page title={t('import.title')} isFlush>
      <div className="flex h-full flex-col overflow-auto">
        <input ref={input} type="file" accept=".csv,text/csv" className="sr-only" tabIndex={-1} aria-label={t('import.choose')} onChange={(event) => choose(event.target.files?.[0])} data-testid="import-file" />
        {file === null ? (
          <div className="p-4">
            <div
              onDragOver={(event) => {
                event.preventDefault()
                setOver(true)
              }}
              onDragLeave={() => setOver(false)}
              onDrop={(event) => {
                event.preventDefault()
                setOver(false)
                choose(event.dataTransfer.files[0])
              }}
              className={cx('flex max-w-3xl flex-col items-center gap-3 rounded-md border border-dashed p-10', isOver ? 'border-accent bg-accent-soft' : 'border-line-strong')}
            >
              <FileUp size={28} strokeWidth={1.5} aria-hidden className="text-ink-3" />
              <p className="text-lg font-semibold">{t('import.drop')}</p>
              <Button tone="accent" onPress={() => input.current?.click()}>
                {t('import.choose')}
              </Button>
            </div>
            <div className="mt-4 max-w-3xl text-ink-2">
              <p>{t('import.columns_hint')}</p>
              <p className="mt-1">{t('import.size_hint', { size: FILE_MIB_MAX })}</p>
              <Button
                size="sm"
                tone="plain"
                icon={Download}
                className="mt-2 -ml-2"
                onPress={() => saveFile(t('import.sample_name'), t('import.sample'), 'text/csv')}
              >
                {t('import.sample_label')}
              </Button>
            </div>
          </div>
        ) : (
          <>
            <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">
              <p className="mr-auto min-w-0 truncate">
                <span className="font-medium">{file.name}</span> {look.isPending && <span className="late text-ink-3">{t('import.reading')}</span>}
              </p>
              {report?.error_file && (
                <Button icon={Download} onPress={() => saveFile(t('import.errors_name'), report.error_file ?? '', 'text/csv')} data-testid="import-errors">
                  {t('import.errors_label')}
                </Button>
              )}
              <Button onPress={again}>{t('import.another')}</Button>
              {!take.isSuccess && (
                <Button tone="accent" isDisabled={!look.isSuccess || take.isPending || (report?.taken ?? 0) === 0} onPress={() => take.mutate(file)} data-testid="import-take">
                  {take.isPending ? t('import.importing') : t('import.take', { count: report?.taken ?? 0 })}
                </Button>
              )}
            </div>
            {(look.isError || take.isError) && <ErrorState title={t('import.failed')}>{problemText(take.error ?? look.error)}</ErrorState>}
            {take.isSuccess && (
              <p role="status" className="flex items-center gap-2 bg-good-soft px-4 py-2 text-good-ink" data-testid="import-done">
                <CircleCheck size={16} aria-hidden />
                {t('import.done', { count: take.data.taken })}
                <Link to="/customers" className="font-medium underline">
                  {t('import.show')}
                </Link>
              </p>
            )}
            {report && <Preview report={report} />}
          </>
        )}
      </div>
    </Page>
  )
}

function Preview({ report }: { report: ImportReport }) {
  const { t, i18n } = useTexts('customers')
  const figures = [
    { key: 'rows', value: report.rows },
    { key: 'taken', value: report.taken },
    { key: 'duplicates', value: report.duplicates },
    { key: 'wrong', value: report.wrong },
  ] as const
  const columns: ReadonlyArray<Column<ImportRow>> = [
    { id: 'line', title: t('import.line'), width: '64px', isNumber: true, cell: (row) => row.line },
    { id: 'name', title: t('field.name'), width: 'minmax(160px, 1fr)', cell: (row) => row.name },
    {
      id: 'what',
      title: t('import.outcome'),
      width: 'minmax(240px, 2fr)',
      cell: (row) =>
        row.left_out ? (
          <span className="flex items-center gap-1.5 text-warn-ink" title={leftOutText(row.left_out)}>
            <CircleAlert size={14} aria-hidden className="shrink-0" />
            <span className="truncate">{leftOutText(row.left_out)}</span>
          </span>
        ) : (
          <Badge tone="good" icon={CircleCheck}>
            {report.is_dry_run ? t('import.will') : t('import.did')}
          </Badge>
        ),
    },
  ]
  return (
    <>
      <dl className="grid grid-cols-2 border-b border-line md:grid-cols-4" data-testid="import-report">
        {figures.map(({ key, value }) => (
          <div key={key} className="border-r border-line px-4 py-2 last:border-r-0">
            <dt className="text-xs text-ink-3">{t(`import.figure.${key}`)}</dt>
            <dd className="text-xl font-semibold">{numberText(value, i18n.language)}</dd>
          </div>
        ))}
      </dl>
      <div className="flex flex-wrap items-center gap-1.5 border-b border-line px-4 py-2 text-xs">
        <span className="text-ink-3">{t('import.understood')}</span>
        {report.columns.map((column) => (
          <Badge key={column.heading}>
            {column.heading} → {fieldText(column.field, t)}
          </Badge>
        ))}
        {report.ignored_columns.length > 0 && (
          <>
            <span className="ml-2 text-warn-ink">{t('import.ignored')}</span>
            {report.ignored_columns.map((heading) => (
              <Badge key={heading} tone="warn">
                {heading}
              </Badge>
            ))}
          </>
        )}
      </div>
      <p className="px-4 pt-3 pb-1 text-xs text-ink-3">{t('import.preview', { count: report.preview.length })}</p>
      <Table label={t('import.title')} columns={columns} rows={report.preview} rowKey={(row) => String(row.line)} />
    </>
  )
}

const FIELDS = ['name', 'phone', 'email', 'document', 'organisation', 'segment', 'language', 'notes', 'owner'] as const

function fieldText(field: string, t: ReturnType<typeof useTexts<'customers'>>['t']): string {
  const known = FIELDS.find((one) => one === field)
  return known ? t(`field.${known}`) : field
}
