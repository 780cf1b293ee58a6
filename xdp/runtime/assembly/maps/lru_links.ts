/** The lists of LRU maps: links of elements between heads. Layout: maps/fields.ts. */
import { MAP_FLAGS } from "../../../abi";
import { ELEMENT_LINK, ELEMENT_LIST, ELEMENT_REFERENCED, LINK_NEXT, LINK_PREVIOUS, LRU_COUNTS, LRU_INACTIVE, LRU_LISTS, LRU_LISTS_BYTES, LRU_LOCAL_BYTES, LRU_ROTATION } from "../../../maps/fields";
import { BPF_F_NO_COMMON_LRU } from "../../../maps/uapi";

@inline
export function previous(link: u32): u32 {
  return load<u32>(link, LINK_PREVIOUS);
}

@inline
export function next(link: u32): u32 {
  return load<u32>(link, LINK_NEXT);
}

@inline
export function isEmpty(head: u32): bool {
  return next(head) == head;
}

@inline
export function unlink(link: u32): void {
  store<u32>(previous(link), next(link), LINK_NEXT);
  store<u32>(next(link), previous(link), LINK_PREVIOUS);
}

/** Puts a link at the front of a list. */
@inline
export function pushFront(head: u32, link: u32): void {
  const first = next(head);
  store<u32>(link, head, LINK_PREVIOUS);
  store<u32>(link, first, LINK_NEXT);
  store<u32>(first, link, LINK_PREVIOUS);
  store<u32>(head, link, LINK_NEXT);
}

@inline
export function listHead(lists: u32, list: u32): u32 {
  return lists + (list << 3);
}

@inline
export function listOf(link: u32): u32 {
  return load<u8>(link - ELEMENT_LINK, ELEMENT_LIST);
}

@inline
export function setList(link: u32, list: u32): void {
  store<u8>(link - ELEMENT_LINK, <u8>list, ELEMENT_LIST);
}

@inline
export function isReferenced(link: u32): bool {
  return load<u8>(link - ELEMENT_LINK, ELEMENT_REFERENCED) != 0;
}

@inline
export function clearReferenced(link: u32): void {
  store<u8>(link - ELEMENT_LINK, 0, ELEMENT_REFERENCED);
}

@inline
export function count(lists: u32, list: u32): u32 {
  return load<u32>(lists + LRU_COUNTS + (list << 2));
}

@inline
export function addCount(lists: u32, list: u32, n: u32): void {
  if (list > <u32>LRU_INACTIVE) return;
  const at = lists + LRU_COUNTS + (list << 2);
  store<u32>(at, load<u32>(at) + n);
}

@inline
export function localOf(header: u32, cpu: u32): u32 {
  return load<u32>(header, LRU_LISTS) + LRU_LISTS_BYTES + cpu * LRU_LOCAL_BYTES;
}

@inline
export function listsOf(header: u32, cpu: u32): u32 {
  const lists = load<u32>(header, LRU_LISTS);
  return isCommon(header) ? lists : lists + cpu * LRU_LISTS_BYTES;
}

@inline
export function isCommon(header: u32): bool {
  return (load<u32>(header, MAP_FLAGS) & BPF_F_NO_COMMON_LRU) == 0;
}

/** Takes a link out of a list of this set; the rotation goes on before it. */
export function leave(lists: u32, link: u32): void {
  if (load<u32>(lists, LRU_ROTATION) == link) store<u32>(lists, previous(link), LRU_ROTATION);
  addCount(lists, listOf(link), -1);
  unlink(link);
}

/** Moves a link to the front of another (or the same) list of this set and forgets its reference. */
export function move(lists: u32, link: u32, list: u32): void {
  leave(lists, link);
  addCount(lists, list, 1);
  setList(link, list);
  clearReferenced(link);
  pushFront(listHead(lists, list), link);
}

/** Moves a link from this set to a free list. */
export function moveToFree(lists: u32, link: u32, head: u32, list: u32): void {
  leave(lists, link);
  setList(link, list);
  pushFront(head, link);
}
