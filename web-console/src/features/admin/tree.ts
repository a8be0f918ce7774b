export interface TreeNode {
  id: string
  parent?: string | null
  position: number
}

/** The tree as rows, each branch before its leaves; what has lost its branch stands at the top. */
export function asRows<T extends TreeNode>(tree: readonly T[]): Array<{ node: T; depth: number }> {
  const known = new Set(tree.map((node) => node.id))
  const rows: Array<{ node: T; depth: number }> = []
  const walk = (parent: string | null, depth: number) => {
    const children = tree.filter((node) => (node.parent && known.has(node.parent) && node.parent !== node.id ? node.parent : null) === parent)
    for (const node of children.toSorted((a, b) => a.position - b.position || a.id.localeCompare(b.id))) {
      if (rows.length > tree.length) return
      rows.push({ node, depth })
      walk(node.id, depth + 1)
    }
  }
  walk(null, 0)
  return rows
}

/** The node and all below it: none of them can be its branch. */
export function below(tree: readonly TreeNode[], id: string): Set<string> {
  const found = new Set([id])
  let isGrowing = true
  while (isGrowing) {
    isGrowing = false
    for (const node of tree) {
      if (node.parent && found.has(node.parent) && !found.has(node.id)) {
        found.add(node.id)
        isGrowing = true
      }
    }
  }
  return found
}
