// Parts that the forms of the administration share.
import { Dices } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { LANGUAGES } from '@/i18n'
import type { Form } from '@/lib/use-form'
import { Button, Checkbox, TextField } from '@/ui'
import { isKey, keyOfName, makePassword } from './keys'

/** Name and, for a new entry, the key that comes of it until it is written by hand. */
export function NameAndKey<T extends { id: string; name: string }>({ form, isNew, keyHelp }: { form: Form<T>; isNew: boolean; keyHelp?: string }) {
  const { t } = useTexts('admin')
  const { values, errorOf } = form
  const [isOwn, setOwn] = useState(false)
  const set = form.set as (key: 'id' | 'name', value: string) => void
  return (
    <>
      <TextField
        label={t('field.name')}
        value={values.name}
        onChange={(name) => {
          set('name', name)
          if (isNew && !isOwn) set('id', keyOfName(name))
        }}
        isRequired
        autoFocus={isNew}
        error={errorOf('name')}
        maxLength={100}
        data-testid="field-name"
      />
      {isNew ? (
        <TextField
          label={t('field.key')}
          value={values.id}
          onChange={(id) => {
            setOwn(true)
            set('id', id)
          }}
          isRequired
          help={keyHelp ?? t('key_help')}
          error={errorOf('id')}
          maxLength={40}
          data-testid="field-id"
        />
      ) : (
        <p className="text-xs text-ink-3">
          {t('field.key')}: <code className="text-ink-2">{values.id}</code>
        </p>
      )}
    </>
  )
}

/** What a name and a key must be, before the server is asked. */
export function useKeyChecks(): (values: { id: string; name?: string }, isNew: boolean) => Record<string, string | undefined> {
  const { t } = useTexts('admin')
  return (values, isNew) => ({
    name: values.name !== undefined && values.name.trim() === '' ? t('common:error.required') : undefined,
    id: isNew && !isKey(values.id) ? t('key_wrong') : undefined,
  })
}

/** A whole number between two bounds. What cannot be read is kept as typed and is `NaN` for the form. */
export function NumberField({ label, isLabelHidden = false, value, onChange, unit, help, error, className, 'data-testid': testId }: { label: string; isLabelHidden?: boolean; value: number; onChange: (value: number) => void; unit?: string; help?: string; error?: string | undefined; className?: string; 'data-testid'?: string }) {
  const [text, setText] = useState(() => (Number.isNaN(value) ? '' : String(value)))
  return (
    <TextField
      label={unit === undefined ? label : `${label} (${unit})`}
      isLabelHidden={isLabelHidden}
      value={text}
      onChange={(typed) => {
        setText(typed)
        onChange(/^-?\d{1,9}$/.test(typed.trim()) ? Number(typed) : Number.NaN)
      }}
      inputMode="numeric"
      error={error}
      inputClassName="tabular-nums"
      {...(help === undefined ? {} : { help })}
      {...(className === undefined ? {} : { className })}
      {...(testId === undefined ? {} : { 'data-testid': testId })}
    />
  )
}

/** The sentence for a number out of its bounds. */
export function useRange(): (value: number, least: number, most: number) => string | undefined {
  const { t } = useTexts('admin')
  return (value, least, most) => (Number.isInteger(value) && value >= least && value <= most ? undefined : t('range', { least, most }))
}

/** A name in each language of the console. */
export function NamesFields({ names, onChange, errorOf, isNew }: { names: Readonly<Record<string, string>>; onChange: (names: Record<string, string>) => void; errorOf: (path: string) => string | undefined; isNew: boolean }) {
  const { t } = useTexts('admin')
  return LANGUAGES.map((language, i) => (
    <TextField
      key={language}
      label={t('name_in', { language: t(`common:language_name.${language}`) })}
      value={names[language] ?? ''}
      onChange={(text) => onChange({ ...names, [language]: text })}
      autoFocus={isNew && i === 0}
      error={errorOf(`names.${language}`) ?? (i === 0 ? errorOf('names') : undefined)}
      maxLength={100}
      data-testid={`field-name-${language}`}
    />
  ))
}

/** Without the languages that nobody wrote in. */
export function tidyNames(names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(names).flatMap(([language, text]) => (text.trim() === '' ? [] : [[language, text.trim()]])))
}

/** Several of a few. None chosen means what `anyText` says. */
export function Choices<Id extends string>({ label, choices, chosen, onChange, anyText, error }: { label: string; choices: ReadonlyArray<{ id: Id; label: string }>; chosen: readonly Id[]; onChange: (ids: Id[]) => void; anyText?: string; error?: string | undefined }) {
  return (
    <fieldset>
      <legend className="mb-1 text-xs font-medium text-ink-2">
        {label}
        {anyText !== undefined && chosen.length === 0 && <span className="font-normal text-ink-3"> · {anyText}</span>}
      </legend>
      <div className="flex flex-wrap gap-x-4">
        {choices.map(({ id, label: text }) => (
          <Checkbox key={id} isSelected={chosen.includes(id)} onChange={(isOn) => onChange(isOn ? [...chosen, id] : chosen.filter((one) => one !== id))}>
            {text}
          </Checkbox>
        ))}
      </div>
      {error !== undefined && <p className="text-xs text-bad-ink">{error}</p>}
    </fieldset>
  )
}

/** A secret that goes in and never comes out again. */
export function SecretField({ label, value, onChange, isKept, error }: { label: string; value: string; onChange: (value: string) => void; /** Whether one is stored already. */ isKept: boolean; error?: string | undefined }) {
  const { t } = useTexts('admin')
  const [isShown, setShown] = useState(false)
  return (
    <div className="flex items-start gap-2">
      <TextField
        label={label}
        type={isShown ? 'text' : 'password'}
        value={value}
        onChange={onChange}
        autoComplete="new-password"
        placeholder={isKept ? t('secret_kept') : ''}
        help={isKept ? t('secret_kept_help') : t('secret_help')}
        error={error}
        className="flex-1"
        inputClassName={isShown ? 'font-mono' : ''}
        data-testid="field-password"
      />
      <Button
        icon={Dices}
        className="mt-5"
        onPress={() => {
          setShown(true)
          onChange(makePassword((values) => crypto.getRandomValues(values)))
        }}
        data-testid="password-suggest"
      >
        {t('suggest')}
      </Button>
    </div>
  )
}

export function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className="flex flex-col gap-3 border-t border-line pt-3">
      <legend className="float-left w-full text-xs font-semibold text-ink-2">{title}</legend>
      {children}
    </fieldset>
  )
}
