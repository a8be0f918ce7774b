// A form's values with what is wrong with them: first by our own check, then by the server's. Each mistake stands at its field
// and goes when that field changes.
import { useCallback, useEffect, useRef, useState, type FormEvent, type RefObject } from 'react'
import { ApiProblem, type FieldProblem } from '@/api/client'
import { flawText } from '@/api/problem-text'

export type FieldErrors = Readonly<Record<string, string | undefined>>

export interface Form<T> {
  values: T
  set: <K extends keyof T & string>(key: K, value: T[K]) => void
  /** What is wrong at `path`, or below it when nobody else shows that: `skills` finds `skills[1].level`. */
  errorOf: (path: string) => string | undefined
  /** A refusal that no field can show. */
  problem: unknown
  isDirty: boolean
  isSaving: boolean
  submit: (event?: FormEvent) => Promise<void>
  /** Starts again from these values. */
  reset: (values: T) => void
}

export function useForm<T extends object>({ initial, check, save }: { initial: T; check?: (values: T) => FieldErrors; save: (values: T) => Promise<void> }): [Form<T>, RefObject<HTMLFormElement | null>] {
  const [values, setValues] = useState(initial)
  const [start, setStart] = useState(initial)
  // The server's mistakes are put into words when they are shown, in the language of that moment.
  const [errors, setErrors] = useState<Readonly<Record<string, string | FieldProblem | undefined>>>({})
  const [problem, setProblem] = useState<unknown>(null)
  const [isSaving, setSaving] = useState(false)
  const [tries, setTries] = useState(0)
  const ref = useRef<HTMLFormElement>(null)

  useEffect(() => {
    // After a refused save the first wrong field has the focus; without one, the button that tries again.
    const wrong = () => ref.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid] button')
    if (tries > 0) (wrong() ?? ref.current?.querySelector<HTMLElement>('button[type="submit"]'))?.focus()
  }, [tries])

  const set = useCallback(<K extends keyof T & string>(key: K, value: T[K]) => {
    setValues((old) => ({ ...old, [key]: value }))
    setErrors((old) => Object.fromEntries(Object.entries(old).filter(([path]) => !isBelow(path, key))))
  }, [])

  const submit = async (event?: FormEvent) => {
    event?.preventDefault()
    const found = withoutEmpty(check?.(values) ?? {})
    setErrors(found)
    setProblem(null)
    if (Object.keys(found).length > 0) {
      setTries((count) => count + 1)
      return
    }
    setSaving(true)
    try {
      await save(values)
      setStart(values)
    } catch (error) {
      const fields = error instanceof ApiProblem ? error.fields.filter((one) => Object.keys(values).some((key) => isBelow(one.field, key))) : []
      setErrors(Object.fromEntries(fields.toReversed().map((one) => [one.field, one])))
      // What has no field here is said below the form.
      setProblem(fields.length > 0 && error instanceof ApiProblem && fields.length === error.fields.length ? null : error)
      setTries((count) => count + 1)
    } finally {
      setSaving(false)
    }
  }

  const form: Form<T> = {
    values,
    set,
    errorOf: (path) => {
      const error = errors[path] ?? Object.entries(errors).find(([other]) => isBelow(other, path))?.[1]
      return typeof error === 'object' ? flawText(error) : error
    },
    problem,
    isDirty: JSON.stringify(values) !== JSON.stringify(start),
    isSaving,
    submit,
    reset: (fresh) => {
      setValues(fresh)
      setStart(fresh)
      setErrors({})
      setProblem(null)
    },
  }
  return [form, ref]
}

/** `phones[0].number` is below `phones` and below `phones[0]`, not below `phone`. */
export function isBelow(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}.`) || path.startsWith(`${parent}[`)
}

function withoutEmpty(errors: FieldErrors): FieldErrors {
  return Object.fromEntries(Object.entries(errors).filter(([, message]) => message !== undefined))
}
