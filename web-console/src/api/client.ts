// The REST door: JSON in, JSON out, problem details (RFC 9457) as an error that a page can show.

import type { Schemas } from './types'

/** What is wrong with one field: a code with parameters, and the same in English. */
export type FieldProblem = Schemas['FieldProblem']

/** What the server says when it refuses: which field, and what to do about it. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string | undefined,
    readonly fields: readonly FieldProblem[],
    /** Whatever else the server added: candidates of a duplicate, the version that won. */
    readonly extra: Readonly<Record<string, unknown>>,
  ) {
    super(detail ?? title)
    this.name = 'ApiProblem'
  }

  /** The kind of problem: the last part of its `type`. */
  get kind(): string {
    return typeof this.extra.type === 'string' ? (this.extra.type.split('/').at(-1) ?? '') : ''
  }

  get isUnreachable(): boolean {
    return this.status === 0
  }
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>

/** `path` with its query; empty values are left out. */
export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value))
  }
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}

export const api = {
  get: <T>(path: string, query: Query = {}, signal?: AbortSignal) => request<T>('GET', withQuery(path, query), undefined, signal),
  post: <T>(path: string, body?: unknown) => request<T>('POST', path, body),
  put: <T>(path: string, body: unknown) => request<T>('PUT', path, body),
  patch: <T>(path: string, body: unknown) => request<T>('PATCH', path, body),
  /** A file as it is. */
  postFile: <T>(path: string, file: Blob, contentType: string) => request<T>('POST', path, file, undefined, contentType),
  delete: <T>(path: string) => request<T>('DELETE', path),
}

async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, contentType = 'application/json'): Promise<T> {
  const init: RequestInit = { method, credentials: 'same-origin', headers: { accept: 'application/json' } }
  if (signal) init.signal = signal
  if (body !== undefined) {
    init.body = body instanceof Blob ? body : JSON.stringify(body)
    init.headers = { ...init.headers, 'content-type': contentType }
  }
  let response: Response
  try {
    response = await fetch(`/api/v1${path}`, init)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiProblem(0, 'unreachable', undefined, [], {})
  }
  const text = await response.text()
  const json: unknown = text === '' ? undefined : parseJson(text)
  if (!response.ok) throw problemFrom(response.status, json)
  return json as T
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function problemFrom(status: number, json: unknown): ApiProblem {
  const body = isRecord(json) ? json : {}
  const title = typeof body.title === 'string' ? body.title : `HTTP ${status}`
  const detail = typeof body.detail === 'string' ? body.detail : undefined
  return new ApiProblem(status, title, detail, fieldsFrom(body), body)
}

/** Only that it names its field is certain: a newer server may have codes that this page has no words for. */
function fieldsFrom(body: Record<string, unknown>): FieldProblem[] {
  const list: unknown[] = Array.isArray(body.errors) ? body.errors : []
  return list.filter(isRecord).filter((item): item is Record<string, unknown> & FieldProblem => typeof item.field === 'string')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
