/** Layouts that the kernel promises to programs: headers of protocols, contexts and arguments of helpers. Notation: see parse.ts. */
export const UAPI_TYPES = `
struct xdp_md :24 { __u32 data @0; __u32 data_end @4; __u32 data_meta @8; __u32 ingress_ifindex @12; __u32 rx_queue_index @16; __u32 egress_ifindex @20; };
struct ethhdr :14 { unsigned char h_dest[6] @0; unsigned char h_source[6] @6; __be16 h_proto @12; };
struct vlan_hdr :4 { __be16 h_vlan_TCI @0; __be16 h_vlan_encapsulated_proto @2; };
struct vlan_ethhdr :18 { union :12 { struct :12 { unsigned char h_dest[6] @0; unsigned char h_source[6] @6; } @0; struct :12 { unsigned char h_dest[6] @0; unsigned char h_source[6]
  @6; } addrs @0; } @0; __be16 h_vlan_proto @12; __be16 h_vlan_TCI @14; __be16 h_vlan_encapsulated_proto @16; };
struct iphdr :20 { __u8 ihl @0 :4; __u8 version @0.4 :4; __u8 tos @1; __be16 tot_len @2; __be16 id @4; __be16 frag_off @6; __u8 ttl @8; __u8 protocol @9; __sum16 check @10; union
  :8 { struct :8 { __be32 saddr @0; __be32 daddr @4; } @0; struct :8 { __be32 saddr @0; __be32 daddr @4; } addrs @0; } @12; };
struct in6_addr :16 { union :16 { __u8 u6_addr8[16] @0; __be16 u6_addr16[8] @0; __be32 u6_addr32[4] @0; } in6_u @0; };
struct ipv6hdr :40 { __u8 priority @0 :4; __u8 version @0.4 :4; __u8 flow_lbl[3] @1; __be16 payload_len @4; __u8 nexthdr @6; __u8 hop_limit @7; union :32 { struct :32 { struct
  in6_addr saddr @0; struct in6_addr daddr @16; } @0; struct :32 { struct in6_addr saddr @0; struct in6_addr daddr @16; } addrs @0; } @8; };
struct ipv6_opt_hdr :2 { __u8 nexthdr @0; __u8 hdrlen @1; };
struct ipv6_rt_hdr :4 { __u8 nexthdr @0; __u8 hdrlen @1; __u8 type @2; __u8 segments_left @3; };
struct frag_hdr :8 { __u8 nexthdr @0; __u8 reserved @1; __be16 frag_off @2; __be32 identification @4; };
struct tcphdr :20 { __be16 source @0; __be16 dest @2; __be32 seq @4; __be32 ack_seq @8; __u16 ae @12 :1; __u16 res1 @12.1 :3; __u16 doff @12.4 :4; __u16 fin @13 :1; __u16 syn @13.1
  :1; __u16 rst @13.2 :1; __u16 psh @13.3 :1; __u16 ack @13.4 :1; __u16 urg @13.5 :1; __u16 ece @13.6 :1; __u16 cwr @13.7 :1; __be16 window @14; __sum16 check @16; __be16 urg_ptr
  @18; };
struct udphdr :8 { __be16 source @0; __be16 dest @2; __be16 len @4; __sum16 check @6; };
struct icmphdr :8 { __u8 type @0; __u8 code @1; __sum16 checksum @2; union :4 { struct :4 { __be16 id @0; __be16 sequence @2; } echo @0; __be32 gateway @0; struct :4 { __be16
  __unused @0; __be16 mtu @2; } frag @0; __u8 reserved[4] @0; } un @4; };
struct icmp6hdr :8 { __u8 icmp6_type @0; __u8 icmp6_code @1; __sum16 icmp6_cksum @2; union :4 { __be32 un_data32[1] @0; __be16 un_data16[2] @0; __u8 un_data8[4] @0; __u8 u_echo[4]
  @0; __u8 u_nd_advt[4] @0; __u8 u_nd_ra[4] @0; } icmp6_dataun @4; };
struct igmphdr :8 { __u8 type @0; __u8 code @1; __sum16 csum @2; __be32 group @4; };
struct arphdr :8 { __be16 ar_hrd @0; __be16 ar_pro @2; unsigned char ar_hln @4; unsigned char ar_pln @5; __be16 ar_op @6; };
struct sctphdr :12 { __be16 source @0; __be16 dest @2; __be32 vtag @4; __le32 checksum @8; };
struct gre_base_hdr :4 { __be16 flags @0; __be16 protocol @2; };
struct vxlanhdr :8 { __be32 vx_flags @0; __be32 vx_vni @4; };
struct ip_auth_hdr :12 { __u8 nexthdr @0; __u8 hdrlen @1; __be16 reserved @2; __be32 spi @4; __be32 seq_no @8; __u8 auth_data[0] @12; };
struct ip_esp_hdr :8 { __be32 spi @0; __be32 seq_no @4; __u8 enc_data[0] @8; };
struct bpf_fib_lookup :64 { __u8 family @0; __u8 l4_protocol @1; __be16 sport @2; __be16 dport @4; union :2 { __u16 tot_len @0; __u16 mtu_result @0; } @6; __u32 ifindex @8; union
  :4 { __u8 tos @0; __be32 flowinfo @0; __u32 rt_metric @0; } @12; union :16 { __be32 ipv4_src @0; __u32 ipv6_src[4] @0; } @16; union :16 { __be32 ipv4_dst @0; __u32 ipv6_dst[4]
  @0; } @32; union :4 { struct :4 { __be16 h_vlan_proto @0; __be16 h_vlan_TCI @2; } @0; __u32 tbid @0; } @48; union :12 { struct :4 { __u32 mark @0; } @0; struct :12 { __u8 smac[6]
  @0; __u8 dmac[6] @6; } @0; } @52; };
struct bpf_sock :80 { __u32 bound_dev_if @0; __u32 family @4; __u32 type @8; __u32 protocol @12; __u32 mark @16; __u32 priority @20; __u32 src_ip4 @24; __u32 src_ip6[4] @28; __u32
  src_port @44; __be16 dst_port @48; __u32 dst_ip4 @52; __u32 dst_ip6[4] @56; __u32 state @72; __s32 rx_queue_mapping @76; };
struct bpf_sock_tuple :36 { union :36 { struct :12 { __be32 saddr @0; __be32 daddr @4; __be16 sport @8; __be16 dport @10; } ipv4 @0; struct :36 { __be32 saddr[4] @0; __be32
  daddr[4] @16; __be16 sport @32; __be16 dport @34; } ipv6 @0; } @0; };
struct bpf_tcp_sock :112 { __u32 snd_cwnd @0; __u32 srtt_us @4; __u32 rtt_min @8; __u32 snd_ssthresh @12; __u32 rcv_nxt @16; __u32 snd_nxt @20; __u32 snd_una @24; __u32 mss_cache
  @28; __u32 ecn_flags @32; __u32 rate_delivered @36; __u32 rate_interval_us @40; __u32 packets_out @44; __u32 retrans_out @48; __u32 total_retrans @52; __u32 segs_in @56; __u32
  data_segs_in @60; __u32 segs_out @64; __u32 data_segs_out @68; __u32 lost_out @72; __u32 sacked_out @76; __u64 bytes_received @80; __u64 bytes_acked @88; __u32 dsack_dups @96;
  __u32 delivered @100; __u32 delivered_ce @104; __u32 icsk_retransmits @108; };
struct bpf_spin_lock :4 { __u32 val @0; };
struct bpf_timer :16 { __u64 __opaque[2] @0; };
struct bpf_wq :16 { __u64 __opaque[2] @0; };
struct bpf_dynptr :16 { __u64 __opaque[2] @0; };
struct bpf_iter_num :8 { __u64 __opaque[1] @0; };
struct bpf_list_head :16 { __u64 __opaque[2] @0; };
struct bpf_list_node :24 { __u64 __opaque[3] @0; };
struct bpf_rb_root :16 { __u64 __opaque[2] @0; };
struct bpf_rb_node :32 { __u64 __opaque[4] @0; };
struct bpf_refcount :4 { __u32 __opaque[1] @0; };
struct bpf_tunnel_key :44 { __u32 tunnel_id @0; union :16 { __u32 remote_ipv4 @0; __u32 remote_ipv6[4] @0; } @4; __u8 tunnel_tos @20; __u8 tunnel_ttl @21; union :2 { __u16
  tunnel_ext @0; __be16 tunnel_flags @0; } @22; __u32 tunnel_label @24; union :16 { __u32 local_ipv4 @0; __u32 local_ipv6[4] @0; } @28; };
struct bpf_redir_neigh :20 { __u32 nh_family @0; union :16 { __be32 ipv4_nh @0; __u32 ipv6_nh[4] @0; } @4; };
struct bpf_xdp_sock :4 { __u32 queue_id @0; };
struct bpf_devmap_val :8 { __u32 ifindex @0; union :4 { int fd @0; __u32 id @0; } bpf_prog @4; };
struct bpf_cpumap_val :8 { __u32 qsize @0; union :4 { int fd @0; __u32 id @0; } bpf_prog @4; };
struct bpf_lpm_trie_key_u8 :4 { union :4 { struct bpf_lpm_trie_key_hdr hdr @0; __u32 prefixlen @0; } @0; __u8 data[0] @4; };
struct bpf_lpm_trie_key_hdr :4 { __u32 prefixlen @0; };
struct bpf_flow_keys :56 { __u16 nhoff @0; __u16 thoff @2; __u16 addr_proto @4; __u8 is_frag @6; __u8 is_first_frag @7; __u8 is_encap @8; __u8 ip_proto @9; __be16 n_proto @10;
  __be16 sport @12; __be16 dport @14; union :32 { struct :8 { __be32 ipv4_src @0; __be32 ipv4_dst @4; } @0; struct :32 { __u32 ipv6_src[4] @0; __u32 ipv6_dst[4] @16; } @0; } @16;
  __u32 flags @48; __be32 flow_label @52; };
struct bpf_ct_opts :16 { s32 netns_id @0; s32 error @4; u8 l4proto @8; u8 dir @9; u16 ct_zone_id @10; u8 ct_zone_dir @12; u8 reserved[3] @13; };
struct bpf_perf_event_value :24 { __u64 counter @0; __u64 enabled @8; __u64 running @16; };
struct bpf_pidns_info :8 { __u32 pid @0; __u32 tgid @4; };
struct bpf_xfrm_state :28 { __u32 reqid @0; __u32 spi @4; __u16 family @8; __u16 ext @10; union :16 { __u32 remote_ipv4 @0; __u32 remote_ipv6[4] @0; } @12; };
struct __sk_buff :192 { __u32 len @0; __u32 pkt_type @4; __u32 mark @8; __u32 queue_mapping @12; __u32 protocol @16; __u32 vlan_present @20; __u32 vlan_tci @24; __u32 vlan_proto
  @28; __u32 priority @32; __u32 ingress_ifindex @36; __u32 ifindex @40; __u32 tc_index @44; __u32 cb[5] @48; __u32 hash @68; __u32 tc_classid @72; __u32 data @76; __u32 data_end
  @80; __u32 napi_id @84; __u32 family @88; __u32 remote_ip4 @92; __u32 local_ip4 @96; __u32 remote_ip6[4] @100; __u32 local_ip6[4] @116; __u32 remote_port @132; __u32 local_port
  @136; __u32 data_meta @140; union :8 { struct bpf_flow_keys *flow_keys @0; } @144; __u64 tstamp @152; __u32 wire_len @160; __u32 gso_segs @164; union :8 { struct bpf_sock *sk @0;
  } @168; __u32 gso_size @176; __u8 tstamp_type @180; __u64 hwtstamp @184; };
struct in_addr :4 { __be32 s_addr @0; };
struct sockaddr_in :16 { __kernel_sa_family_t sin_family @0; __be16 sin_port @2; struct in_addr sin_addr @4; unsigned char __pad[8] @8; };
struct sockaddr_in6 :28 { short unsigned int sin6_family @0; __be16 sin6_port @2; __be32 sin6_flowinfo @4; struct in6_addr sin6_addr @8; __u32 sin6_scope_id @24; };
`;
