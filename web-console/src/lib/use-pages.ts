// A list that comes page by page behind a cursor.
import { useInfiniteQuery, type QueryKey } from '@tanstack/react-query'
import { api, type Query } from '@/api/client'
import type { Page } from '@/api/types'

export function usePages<T>(key: QueryKey, path: string, query: Query, isEnabled = true) {
  const result = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => api.get<Page<T>>(path, { ...query, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    enabled: isEnabled,
    placeholderData: (old) => old,
  })
  return { ...result, items: result.data?.pages.flatMap((page) => page.items) ?? [] }
}
