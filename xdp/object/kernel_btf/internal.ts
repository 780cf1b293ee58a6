/** Members of kernel structs that networking programs look at, where Linux 6.18 has them on x86-64. Notation: see parse.ts. */
export const INTERNAL_TYPES = `
struct xdp_mem_info :8 { u32 type @0; u32 id @4; };
struct xdp_txq_info :8 { struct net_device *dev @0; };
struct refcount_struct :4 { atomic_t refs @0; };
struct nf_conntrack_man :20 { union nf_inet_addr u3 @0; union nf_conntrack_man_proto u @16; u_int16_t l3num @18; };
struct nf_conntrack_tuple :40 { struct nf_conntrack_man src @0; struct :20 { union nf_inet_addr u3 @0; union :2 { __be16 all @0; struct :2 { __be16 port @0; } tcp @0; struct :2 {
  __be16 port @0; } udp @0; struct :2 { u_int8_t type @0; u_int8_t code @1; } icmp @0; struct :2 { __be16 port @0; } dccp @0; struct :2 { __be16 port @0; } sctp @0; struct :2 {
  __be16 key @0; } gre @0; } u @16; u_int8_t protonum @18; struct :0 { } __nfct_hash_offsetend @19; u_int8_t dir @19; } dst @20; };
union nf_inet_addr :16 { __u32 all[4] @0; __be32 ip @0; __be32 ip6[4] @0; struct in_addr in @0; struct in6_addr in6 @0; };
union nf_conntrack_man_proto :2 { __be16 all @0; struct :2 { __be16 port @0; } tcp @0; struct :2 { __be16 port @0; } udp @0; struct :2 { __be16 id @0; } icmp @0; struct :2 { __be16
  port @0; } dccp @0; struct :2 { __be16 port @0; } sctp @0; struct :2 { __be16 key @0; } gre @0; };
struct timespec64 :16 { time64_t tv_sec @0; long int tv_nsec @8; };
struct xdp_buff :56 { void *data @0; void *data_end @8; void *data_meta @16; void *data_hard_start @24; struct xdp_rxq_info *rxq @32; struct xdp_txq_info *txq @40; union :8 {
  struct :8 { u32 frame_sz @0; u32 flags @4; } @0; } @48; };
struct xdp_frame :40 { void *data @0; u32 len @8; u32 headroom @12; u32 metasize @16; struct net_device *dev_rx @24; u32 frame_sz @32; u32 flags @36; };
struct xdp_rxq_info :64 { struct net_device *dev @0; u32 queue_index @8; u32 reg_state @12; struct xdp_mem_info mem @16; u32 frag_size @24; };
struct net_device :2496 { unsigned int real_num_tx_queues @40; unsigned int gso_max_size @44; unsigned int mtu @56; unsigned int flags @176; short unsigned int hard_header_len
  @180; netdev_features_t features @184; int ifindex @224; unsigned int real_num_rx_queues @228; possible_net_t nd_net @264; char name[16] @280; unsigned int min_mtu @528; unsigned
  int max_mtu @532; short unsigned int type @536; int group @540; unsigned char perm_addr[32] @775; unsigned char addr_len @808; unsigned char *dev_addr @968; unsigned int
  num_rx_queues @976; unsigned int num_tx_queues @1056; };
struct sk_buff :224 { union :24 { struct :24 { struct sk_buff *next @0; struct sk_buff *prev @8; union :8 { struct net_device *dev @0; } @16; } @0; } @0; struct sock *sk @24; char
  cb[48] @40; unsigned int len @112; unsigned int data_len @116; __u16 mac_len @120; __u16 hdr_len @122; __u16 queue_mapping @124; union :56 { struct :56 { __u32 priority @12; int
  skb_iif @16; __u32 hash @20; union :4 { struct :4 { __be16 vlan_proto @0; __u16 vlan_tci @2; } @0; } @24; union :4 { __u32 mark @0; } @36; __be16 protocol @48; __u16
  transport_header @50; __u16 network_header @52; __u16 mac_header @54; } @0; } @128; sk_buff_data_t tail @184; sk_buff_data_t end @188; unsigned char *head @192; unsigned char
  *data @200; unsigned int truesize @208; refcount_t users @212; };
struct skb_shared_info :320 { __u8 nr_frags @2; short unsigned int gso_size @4; short unsigned int gso_segs @6; struct sk_buff *frag_list @8; unsigned int gso_type @24; atomic_t
  dataref @32; };
struct sock :784 { struct sock_common __sk_common @0; u32 sk_priority @520; u32 sk_mark @524; u16 sk_protocol @532; u16 sk_type @534; };
struct sock_common :136 { union :8 { __addrpair skc_addrpair @0; struct :8 { __be32 skc_daddr @0; __be32 skc_rcv_saddr @4; } @0; } @0; union :4 { unsigned int skc_hash @0; } @8;
  union :4 { __portpair skc_portpair @0; struct :4 { __be16 skc_dport @0; __u16 skc_num @2; } @0; } @12; short unsigned int skc_family @16; unsigned char skc_state @18; int
  skc_bound_dev_if @20; possible_net_t skc_net @48; struct in6_addr skc_v6_daddr @56; struct in6_addr skc_v6_rcv_saddr @72; };
struct nf_conn :248 { struct nf_conntrack ct_general @0; u32 timeout @8; struct nf_conntrack_tuple_hash tuplehash[2] @16; long unsigned int status @128; struct nf_conn *master
  @160; u_int32_t mark @168; };
struct nf_conntrack_tuple_hash :56 { struct nf_conntrack_tuple tuple @16; };
struct nf_conntrack :4 { refcount_t use @0; };
struct task_struct :3264 { unsigned int flags @44; struct mm_struct *mm @1136; pid_t pid @1264; pid_t tgid @1268; struct task_struct *real_parent @1280; struct task_struct
  *group_leader @1328; char comm[16] @1752; };
struct net :4288 { u32 ifindex @12; struct ns_common ns @152; u32 hash_mix @432; u64 net_cookie @4160; };
struct ns_common :80 { unsigned int inum @24; };
`;
