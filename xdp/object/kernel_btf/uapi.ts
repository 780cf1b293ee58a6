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
union tcp_word_hdr :20 { struct tcphdr hdr @0; __be32 words[5] @0; };
struct bpf_xfrm_state_opts :36 { s32 error @0; s32 netns_id @4; u32 mark @8; xfrm_address_t daddr @12; __be32 spi @28; u8 proto @32; u16 family @34; };
struct mpls_label :4 { __be32 entry @0; };
struct mpls_shim_hdr :4 { __be32 label_stack_entry @0; };
struct genevehdr :8 { u8 opt_len @0 :6; u8 ver @0.6 :2; u8 rsvd1 @1 :6; u8 critical @1.6 :1; u8 oam @1.7 :1; __be16 proto_type @2; u8 vni[3] @4; u8 rsvd2 @7; u8 options[0] @8; };
struct geneve_opt :4 { __be16 opt_class @0; u8 type @2; u8 length @3 :5; u8 r3 @3.5 :1; u8 r2 @3.6 :1; u8 r1 @3.7 :1; u8 opt_data[0] @4; };
struct ipv6_sr_hdr :8 { __u8 nexthdr @0; __u8 hdrlen @1; __u8 type @2; __u8 segments_left @3; __u8 first_segment @4; __u8 flags @5; __u16 tag @6; struct in6_addr segments[0] @8; };
struct sr6_tlv :2 { __u8 type @0; __u8 len @1; __u8 data[0] @2; };
struct dccp_hdr :12 { __be16 dccph_sport @0; __be16 dccph_dport @2; __u8 dccph_doff @4; __u8 dccph_cscov @5 :4; __u8 dccph_ccval @5.4 :4; __sum16 dccph_checksum @6; __u8 dccph_x @8
  :1; __u8 dccph_type @8.1 :4; __u8 dccph_reserved @8.5 :3; __u8 dccph_seq2 @9; __be16 dccph_seq @10; };
struct sctp_chunkhdr :4 { __u8 type @0; __u8 flags @1; __be16 length @2; };
struct sctp_paramhdr :4 { __be16 type @0; __be16 length @2; };
struct pppoe_hdr :6 { __u8 type @0 :4; __u8 ver @0.4 :4; __u8 code @1; __be16 sid @2; __be16 length @4; struct pppoe_tag tag[0] @6; };
struct pppoe_tag :4 { __be16 tag_type @0; __be16 tag_len @2; char tag_data[0] @4; };
struct erspan_md2 :8 { __be32 timestamp @0; __be16 sgt @4; __u8 hwid_upper @6 :2; __u8 ft @6.2 :5; __u8 p @6.7 :1; __u8 o @7 :1; __u8 gra @7.1 :2; __u8 dir @7.3 :1; __u8 hwid @7.4
  :4; };
struct erspan_metadata :12 { int version @0; union :8 { __be32 index @0; struct erspan_md2 md2 @0; } u @4; };
struct rt0_hdr :8 { struct ipv6_rt_hdr rt_hdr @0; __u32 reserved @4; struct in6_addr addr[0] @8; };
struct nd_msg :24 { struct icmp6hdr icmph @0; struct in6_addr target @8; __u8 opt[0] @24; };
struct nd_opt_hdr :2 { __u8 nd_opt_type @0; __u8 nd_opt_len @1; };
struct igmpv3_report :8 { __u8 type @0; __u8 resv1 @1; __sum16 csum @2; __be16 resv2 @4; __be16 ngrec @6; struct igmpv3_grec grec[0] @8; };
struct igmpv3_query :12 { __u8 type @0; __u8 code @1; __sum16 csum @2; __be32 group @4; __u8 qrv @8 :3; __u8 suppress @8.3 :1; __u8 resv @8.4 :4; __u8 qqic @9; __be16 nsrcs @10;
  __be32 srcs[0] @12; };
struct igmpv3_grec :8 { __u8 grec_type @0; __u8 grec_auxwords @1; __be16 grec_nsrcs @2; __be32 grec_mca @4; __be32 grec_src[0] @8; };
struct ip_comp_hdr :4 { __u8 nexthdr @0; __u8 flags @1; __be16 cpi @2; };
struct ip_beet_phdr :4 { __u8 nexthdr @0; __u8 hdrlen @1; __u8 padlen @2; __u8 reserved @3; };
struct xdp_desc :16 { __u64 addr @0; __u32 len @8; __u32 options @12; };
struct xdp_statistics :48 { __u64 rx_dropped @0; __u64 rx_invalid_descs @8; __u64 tx_invalid_descs @16; __u64 rx_ring_full @24; __u64 rx_fill_ring_empty_descs @32; __u64
  tx_ring_empty_descs @40; };
struct bpf_iter_bits :16 { __u64 __opaque[2] @0; };
struct bpf_iter_task :24 { __u64 __opaque[3] @0; };
struct bpf_crypto_params :408 { char type[14] @0; u8 reserved[2] @14; char algo[128] @16; u8 key[256] @144; u32 key_len @400; u32 authsize @404; };
struct bpf_raw_tracepoint_args :0 { __u64 args[0] @0; };
struct bpf_cgroup_storage_key :16 { __u64 cgroup_inode_id @0; __u32 attach_type @8; };
struct bpf_sk_lookup :72 { union :8 { union :8 { struct bpf_sock *sk @0; } @0; __u64 cookie @0; } @0; __u32 family @8; __u32 protocol @12; __u32 remote_ip4 @16; __u32 remote_ip6[4]
  @20; __be16 remote_port @36; __u32 local_ip4 @40; __u32 local_ip6[4] @44; __u32 local_port @60; __u32 ingress_ifindex @64; };
struct sk_reuseport_md :56 { union :8 { void *data @0; } @0; union :8 { void *data_end @0; } @8; __u32 len @16; __u32 eth_protocol @20; __u32 ip_protocol @24; __u32 bind_inany @28;
  __u32 hash @32; union :8 { struct bpf_sock *sk @0; } @40; union :8 { struct bpf_sock *migrating_sk @0; } @48; };
struct sk_msg_md :80 { union :8 { void *data @0; } @0; union :8 { void *data_end @0; } @8; __u32 family @16; __u32 remote_ip4 @20; __u32 local_ip4 @24; __u32 remote_ip6[4] @28;
  __u32 local_ip6[4] @44; __u32 remote_port @60; __u32 local_port @64; __u32 size @68; union :8 { struct bpf_sock *sk @0; } @72; };
struct bpf_sock_addr :72 { __u32 user_family @0; __u32 user_ip4 @4; __u32 user_ip6[4] @8; __u32 user_port @24; __u32 family @28; __u32 type @32; __u32 protocol @36; __u32
  msg_src_ip4 @40; __u32 msg_src_ip6[4] @44; union :8 { struct bpf_sock *sk @0; } @64; };
struct bpf_sock_ops :224 { __u32 op @0; union :16 { __u32 args[4] @0; __u32 reply @0; __u32 replylong[4] @0; } @4; __u32 family @20; __u32 remote_ip4 @24; __u32 local_ip4 @28;
  __u32 remote_ip6[4] @32; __u32 local_ip6[4] @48; __u32 remote_port @64; __u32 local_port @68; __u32 is_fullsock @72; __u32 snd_cwnd @76; __u32 srtt_us @80; __u32
  bpf_sock_ops_cb_flags @84; __u32 state @88; __u32 rtt_min @92; __u32 snd_ssthresh @96; __u32 rcv_nxt @100; __u32 snd_nxt @104; __u32 snd_una @108; __u32 mss_cache @112; __u32
  ecn_flags @116; __u32 rate_delivered @120; __u32 rate_interval_us @124; __u32 packets_out @128; __u32 retrans_out @132; __u32 total_retrans @136; __u32 segs_in @140; __u32
  data_segs_in @144; __u32 segs_out @148; __u32 data_segs_out @152; __u32 lost_out @156; __u32 sacked_out @160; __u32 sk_txhash @164; __u64 bytes_received @168; __u64 bytes_acked
  @176; union :8 { struct bpf_sock *sk @0; } @184; union :8 { void *skb_data @0; } @192; union :8 { void *skb_data_end @0; } @200; __u32 skb_len @208; __u32 skb_tcp_flags @212;
  __u64 skb_hwtstamp @216; };
struct bpf_perf_event_data :184 { bpf_user_pt_regs_t regs @0; __u64 sample_period @168; __u64 addr @176; };
struct hsr_tag :6 { __be16 path_and_LSDU_size @0; __be16 sequence_nr @2; __be16 encap_proto @4; };
struct ptp_header :34 { u8 tsmt @0; u8 ver @1; __be16 message_length @2; u8 domain_number @4; u8 reserved1 @5; u8 flag_field[2] @6; __be64 correction @8; __be32 reserved2 @16; __u8
  source_port_identity[10] @20; __be16 sequence_id @30; u8 control @32; u8 log_message_interval @33; };
struct ifaddrmsg :8 { __u8 ifa_family @0; __u8 ifa_prefixlen @1; __u8 ifa_flags @2; __u8 ifa_scope @3; __u32 ifa_index @4; };
struct sockaddr :16 { sa_family_t sa_family @0; union :14 { char sa_data_min[14] @0; struct :0 { struct :0 { } __empty_sa_data @0; char sa_data[0] @0; } @0; } @2; };
struct bpf_res_spin_lock :4 { u32 val @0; };
struct xsk_tx_metadata :24 { __u64 flags @0; union :16 { struct :16 { __u16 csum_start @0; __u16 csum_offset @2; __u64 launch_time @8; } request @0; struct :8 { __u64 tx_timestamp
  @0; } completion @0; } @8; };
struct pptp_gre_header :16 { struct gre_base_hdr gre_hd @0; __be16 payload_len @4; __be16 call_id @6; __be32 seq @8; __be32 ack @12; };
struct gre_full_hdr :16 { struct gre_base_hdr fixed_header @0; __be16 csum @4; __be16 reserved1 @6; __be32 key @8; __be32 seq @12; };
struct vxlanhdr_gpe :8 { u8 oam_flag @0 :1; u8 reserved_flags1 @0.1 :1; u8 np_applied @0.2 :1; u8 instance_applied @0.3 :1; u8 version @0.4 :2; u8 reserved_flags2 @0.6 :2; u8
  reserved_flags3 @1; u8 reserved_flags4 @2; u8 next_protocol @3; __be32 vx_vni @4; };
struct vxlanhdr_gbp :8 { u8 vx_flags @0; u8 reserved_flags1 @1 :3; u8 policy_applied @1.3 :1; u8 reserved_flags2 @1.4 :2; u8 dont_learn @1.6 :1; u8 reserved_flags3 @1.7 :1; __be16
  policy_id @2; __be32 vx_vni @4; };
`;
