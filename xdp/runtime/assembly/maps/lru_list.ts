/**
 * Which elements of an LRU map go when it is full. Same observable design as the kernel's (kernel/bpf/bpf_lru_list.c):
 * an active and an inactive list with a reference bit, rotated a little whenever free elements are needed; each CPU takes
 * a batch of free elements and keeps what it inserted on a pending list until the next batch. With BPF_F_NO_COMMON_LRU each
 * CPU has lists and elements of its own. The map's lock is held around everything here.
 */
import { MAP_COUNT } from "../../../abi";
import { ELEMENT_CPU, ELEMENT_HASH, ELEMENT_LINK, HASH_ELEMENT_BYTES, LOCAL_FREE, LOCAL_PENDING, LOCAL_STEAL, LRU_ACTIVE, LRU_FREE, LRU_FRESH, LRU_FRESH_END, LRU_INACTIVE, LRU_LISTS, LRU_LOCAL_FREE, LRU_LOCAL_PENDING, LRU_ROTATION, LRU_SCANS, LRU_TARGET_FREE, MAP_CPUS } from "../../../maps/fields";
import { removeSlot, slotOfElement } from "./hash_index";
import { addCount, clearReferenced, count, isCommon, isEmpty, isReferenced, listHead, listOf, listsOf, localOf, move, moveToFree, next, previous, pushFront, setList, unlink } from "./lru_links";

/** Free elements that a CPU with lists of its own makes at once. */
const OWN_TARGET_FREE: u32 = 4;

/** Takes the element out of the map: it is about to be used for another key. */
function evict(header: u32, link: u32): void {
  const element = link - ELEMENT_LINK;
  removeSlot(header, slotOfElement(header, element, load<u32>(element, ELEMENT_HASH)));
  store<u32>(header, load<u32>(header, MAP_COUNT) - 1, MAP_COUNT);
}

/** From the back of the active list: what was referenced goes to its front, the rest becomes inactive. */
function rotateActive(header: u32, lists: u32): void {
  const head = listHead(lists, LRU_ACTIVE);
  const first = next(head);
  let link = previous(head);
  for (let scans = load<u32>(header, LRU_SCANS); scans && link != head; scans--) {
    const before = previous(link);
    move(lists, link, isReferenced(link) ? LRU_ACTIVE : LRU_INACTIVE);
    if (link == first) return;
    link = before;
  }
}

/** From where the last rotation ended: what was referenced becomes active, the rest stays. */
function rotateInactive(header: u32, lists: u32): void {
  const head = listHead(lists, LRU_INACTIVE);
  if (isEmpty(head)) return;
  let link = load<u32>(lists, LRU_ROTATION);
  let last = next(link);
  if (last == head) last = next(last);
  let resume = head;
  let scans = load<u32>(header, LRU_SCANS);
  while (scans) {
    if (link == head) {
      link = previous(link);
      continue;
    }
    resume = previous(link);
    if (isReferenced(link)) move(lists, link, LRU_ACTIVE);
    if (link == last) break;
    link = resume;
    scans--;
  }
  store<u32>(lists, resume, LRU_ROTATION);
}

function rotate(header: u32, lists: u32): void {
  if (count(lists, LRU_INACTIVE) < count(lists, LRU_ACTIVE)) rotateActive(header, lists);
  rotateInactive(header, lists);
}

/** Evicts up to `wanted` elements that were not referenced, from the back of the inactive list; where there are none, one that was. */
function shrink(header: u32, lists: u32, wanted: u32, free: u32, freeList: u32): void {
  const inactive = listHead(lists, LRU_INACTIVE);
  let freed: u32 = 0;
  let link = previous(inactive);
  for (let scans = load<u32>(header, LRU_SCANS); scans && freed < wanted && link != inactive; scans--) {
    const before = previous(link);
    if (isReferenced(link)) {
      move(lists, link, LRU_ACTIVE);
    } else {
      evict(header, link);
      moveToFree(lists, link, free, freeList);
      freed++;
    }
    link = before;
  }
  if (freed) return;
  const from = isEmpty(inactive) ? listHead(lists, LRU_ACTIVE) : inactive;
  if (isEmpty(from)) return;
  link = previous(from);
  evict(header, link);
  moveToFree(lists, link, free, freeList);
}

/** A link of an element that was never used, or 0. These are the back of the free list, made only when needed. */
function takeFresh(header: u32, lists: u32): u32 {
  const element = load<u32>(lists, LRU_FRESH);
  if (element == load<u32>(lists, LRU_FRESH_END)) return 0;
  store<u32>(lists, element + load<u32>(header, HASH_ELEMENT_BYTES), LRU_FRESH);
  return element + ELEMENT_LINK;
}

/** Settles what the CPU inserted, and fetches its next batch of free elements. */
function refill(header: u32, lists: u32, local: u32): void {
  const pending = local + LOCAL_PENDING;
  const free = local + LOCAL_FREE;
  while (!isEmpty(pending)) {
    const link = previous(pending);
    const list = isReferenced(link) ? LRU_ACTIVE : LRU_INACTIVE;
    unlink(link);
    addCount(lists, list, 1);
    setList(link, list);
    clearReferenced(link);
    pushFront(listHead(lists, list), link);
  }
  rotate(header, lists);
  let wanted = load<u32>(header, LRU_TARGET_FREE);
  const common = listHead(lists, LRU_FREE);
  while (wanted && !isEmpty(common)) {
    moveToFree(lists, next(common), free, LRU_LOCAL_FREE);
    wanted--;
  }
  while (wanted) {
    const link = takeFresh(header, lists);
    if (link == 0) break;
    setList(link, LRU_LOCAL_FREE);
    pushFront(free, link);
    wanted--;
  }
  if (wanted) shrink(header, lists, wanted, free, LRU_LOCAL_FREE);
}

/** Takes the first link of a CPU's free list, or 0. */
function popLocalFree(local: u32): u32 {
  const head = local + LOCAL_FREE;
  if (isEmpty(head)) return 0;
  const link = next(head);
  unlink(link);
  return link;
}

/** Evicts the oldest pending element of a CPU, one that was not referenced if there is one; or 0. */
function popLocalPending(header: u32, local: u32): u32 {
  const head = local + LOCAL_PENDING;
  if (isEmpty(head)) return 0;
  let link = previous(head);
  while (link != head && isReferenced(link)) link = previous(link);
  if (link == head) link = previous(head);
  evict(header, link);
  unlink(link);
  return link;
}

/** Takes a free or pending element of any CPU, starting with the one behind the last theft. */
function steal(header: u32, local: u32): u32 {
  const cpus = load<u32>(header, MAP_CPUS);
  const first = load<u32>(local, LOCAL_STEAL);
  let cpu = first;
  let link: u32 = 0;
  do {
    const victim = localOf(header, cpu);
    link = popLocalFree(victim);
    if (link == 0) link = popLocalPending(header, victim);
    cpu = cpu + 1 < cpus ? cpu + 1 : 0;
  } while (link == 0 && cpu != first);
  store<u32>(local, cpu, LOCAL_STEAL);
  return link;
}

function popCommon(header: u32, cpu: u32): u32 {
  const local = localOf(header, cpu);
  let link = popLocalFree(local);
  if (link == 0) {
    refill(header, load<u32>(header, LRU_LISTS), local);
    link = popLocalFree(local);
    if (link == 0) link = steal(header, local);
    if (link == 0) return 0;
  }
  setList(link, LRU_LOCAL_PENDING);
  clearReferenced(link);
  pushFront(local + LOCAL_PENDING, link);
  return link;
}

function popOwn(header: u32, cpu: u32): u32 {
  const lists = listsOf(header, cpu);
  const free = listHead(lists, LRU_FREE);
  rotate(header, lists);
  if (isEmpty(free)) {
    const fresh = takeFresh(header, lists);
    if (fresh) {
      setList(fresh, LRU_FREE);
      pushFront(free, fresh);
    } else {
      shrink(header, lists, OWN_TARGET_FREE, free, LRU_FREE);
      if (isEmpty(free)) return 0;
    }
  }
  const link = next(free);
  move(lists, link, LRU_INACTIVE);
  return link;
}

/** An element for a key that this CPU inserts; evicts others where the map is full. 0 where nothing can be evicted. */
export function popElement(header: u32, cpu: u32): u32 {
  const link = isCommon(header) ? popCommon(header, cpu) : popOwn(header, cpu);
  if (link == 0) return 0;
  store<u16>(link - ELEMENT_LINK, <u16>cpu, ELEMENT_CPU);
  return link - ELEMENT_LINK;
}

/** Gives an element that is no longer in the map back. */
export function pushElement(header: u32, element: u32): void {
  const link = element + ELEMENT_LINK;
  const cpu = load<u16>(element, ELEMENT_CPU);
  if (listOf(link) == LRU_LOCAL_PENDING) {
    unlink(link);
    setList(link, LRU_LOCAL_FREE);
    clearReferenced(link);
    pushFront(localOf(header, cpu) + LOCAL_FREE, link);
    return;
  }
  move(listsOf(header, cpu), link, LRU_FREE);
}
