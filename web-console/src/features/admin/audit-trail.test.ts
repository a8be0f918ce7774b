import { expect, test } from 'vitest'
import { readChunk, type AuditRecord } from './audit-trail'

const record = (seq: number, area: string): AuditRecord => ({ node: 'n1', seq, at: '', actor: { by: 'system' }, area, event: { kind: 'made' } })

/** A stream of so many events, every tenth of them of the directory. */
function stream(length: number) {
  const asked: Array<string | null> = []
  const read = (after: string | null, limit: number) => {
    asked.push(after)
    const start = Number(after?.split(':')[1] ?? 0)
    const items = Array.from({ length: Math.max(0, Math.min(limit, length - start)) }, (_, i) => record(start + i + 1, (start + i) % 10 === 0 ? 'directory' : 'call'))
    return Promise.resolve({ items, next: `n1:${start + items.length}` })
  }
  return { read, asked }
}

test('a short stream is read to its end, only what somebody answers for is kept', async () => {
  const { read, asked } = stream(450)
  const chunk = await readChunk(read, null)
  expect(asked).toEqual([null, 'n1:200', 'n1:400'])
  expect(chunk).toMatchObject({ isEnd: true, next: 'n1:450' })
  expect(chunk.records).toHaveLength(45)
})

test('a long one is read in goes, and the next go begins where this one ended', async () => {
  const { read } = stream(12_000)
  const first = await readChunk(read, null)
  expect(first).toMatchObject({ isEnd: false, next: 'n1:10000' })
  expect(first.records.at(-1)?.seq).toBe(9_991)
  const second = await readChunk(read, first.next)
  expect(second).toMatchObject({ isEnd: true, next: 'n1:12000' })
  expect(second.records).toHaveLength(200)
})
