/* A host whose TCP is lwIP's, at the end of a cable of Ethernet frames.

   Usage: lwip_host FD ADDRESS    (FD: a socket that carries a frame a message; ADDRESS: its own, in a /24)

   Reads commands from standard input, one a line:

     listen PORT
     connect OWN_PORT PEER PEER_PORT
     send|finish|close|shutdown|abort OWN_PORT PEER_PORT [BYTES]

   (finish: send and close at once)

   and writes each change of state that any of its connections shows after an event:

     SECONDS OWN_PORT PEER PEER_PORT STATE

   where an event is a frame, a timer, a command or a callback. It answers each command with a line "done" or
   "failed", and ends with standard input. */

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

enum { MOST_CONNECTIONS = 256, FRAME = 2048, TICK_MS = 20 };

/* RFC 9293's names, in the order of lwIP's numbers. */
static const char *const names[] = {
    "CLOSED",     "LISTEN",     "SYN_SENT",   "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1",
    "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING",    "LAST_ACK",     "TIME_WAIT",
};

struct known {
    u16_t own_port, peer_port;
    u32_t peer;
    int state;
    int there;
};

static struct known known[MOST_CONNECTIONS];
static int known_count;
static int cable;

static void say(const struct known *one)
{
    struct timeval now;
    ip4_addr_t peer = {one->peer};

    gettimeofday(&now, NULL);
    printf("%lld.%06ld %u %s %u %s\n", (long long)now.tv_sec, (long)now.tv_usec, one->own_port, ip4addr_ntoa(&peer),
           one->peer_port, names[one->state]);
    fflush(stdout);
}

static void look_at(const struct tcp_pcb *pcb)
{
    u32_t peer = ip4_addr_get_u32(ip_2_ip4(&pcb->remote_ip));
    struct known *one = NULL;

    for (int i = 0; i < known_count && !one; i++)
        if (known[i].own_port == pcb->local_port && known[i].peer_port == pcb->remote_port && known[i].peer == peer)
            one = &known[i];
    if (!one) {
        if (known_count == MOST_CONNECTIONS)
            abort();
        one = &known[known_count++];
        *one = (struct known){pcb->local_port, pcb->remote_port, peer, CLOSED, 0};
    }
    one->there = 1;
    if (one->state != (int)pcb->state) {
        one->state = pcb->state;
        say(one);
    }
}

/* Write what has changed since the last look. A connection that is gone is CLOSED. */
static void look(void)
{
    for (int i = 0; i < known_count; i++)
        known[i].there = 0;
    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        look_at(pcb);
    for (const struct tcp_pcb *pcb = tcp_tw_pcbs; pcb; pcb = pcb->next)
        look_at(pcb);
    for (int i = 0; i < known_count; i++)
        if (!known[i].there && known[i].state != CLOSED) {
            known[i].state = CLOSED;
            say(&known[i]);
        }
}

static err_t take(void *unused, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    (void)unused, (void)error;
    look();
    if (data) {
        tcp_recved(pcb, data->tot_len);
        pbuf_free(data);
    }
    return ERR_OK;
}

static err_t begun(void *unused, struct tcp_pcb *pcb, err_t error)
{
    (void)unused;
    if (error != ERR_OK || !pcb)
        return error;
    look();
    tcp_recv(pcb, take);
    return ERR_OK;
}

static err_t transmit(struct netif *interface, struct pbuf *packet)
{
    static unsigned char frame[FRAME];
    u16_t length = pbuf_copy_partial(packet, frame, sizeof frame, 0);

    (void)interface;
    return send(cable, frame, length, 0) == length ? ERR_OK : ERR_IF;
}

static err_t set_up(struct netif *interface)
{
    static const unsigned char address[6] = {2, 0, 0, 0, 0, 9};

    interface->name[0] = 'c', interface->name[1] = 'a';
    interface->output = etharp_output;
    interface->linkoutput = transmit;
    interface->mtu = 1500;
    interface->hwaddr_len = sizeof address;
    memcpy(interface->hwaddr, address, sizeof address);
    interface->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

static void receive(struct netif *interface)
{
    static unsigned char frame[FRAME];
    ssize_t length = recv(cable, frame, sizeof frame, MSG_DONTWAIT);
    /* Not PBUF_POOL: the buffers of Debian's pool (2.1.3) are shorter than a frame. */
    struct pbuf *packet = length > 0 ? pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_RAM) : NULL;

    if (!packet)
        return;
    pbuf_take(packet, frame, (u16_t)length);
    if (interface->input(packet, interface) != ERR_OK)
        pbuf_free(packet);
}

static struct tcp_pcb *find(unsigned own_port, unsigned peer_port)
{
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        if (pcb->local_port == own_port && pcb->remote_port == peer_port)
            return pcb;
    return NULL;
}

static int listen_on(unsigned port)
{
    struct tcp_pcb *pcb = tcp_new();

    if (!pcb || tcp_bind(pcb, IP4_ADDR_ANY, (u16_t)port) != ERR_OK || !(pcb = tcp_listen(pcb)))
        return 0;
    tcp_accept(pcb, begun);
    return 1;
}

static int connect_to(unsigned own_port, const char *peer, unsigned peer_port)
{
    struct tcp_pcb *pcb = tcp_new();
    ip_addr_t address;

    if (!pcb || !ipaddr_aton(peer, &address) || tcp_bind(pcb, IP4_ADDR_ANY, (u16_t)own_port) != ERR_OK)
        return 0;
    return tcp_connect(pcb, &address, (u16_t)peer_port, begun) == ERR_OK;
}

static int act(const char *what, unsigned own_port, unsigned peer_port, unsigned bytes)
{
    static const char data[8192];
    struct tcp_pcb *pcb = find(own_port, peer_port);

    if (!pcb || bytes > sizeof data)
        return 0;
    if (!strcmp(what, "send"))
        return tcp_write(pcb, data, (u16_t)bytes, 0) == ERR_OK && tcp_output(pcb) == ERR_OK;
    if (!strcmp(what, "finish"))
        return tcp_write(pcb, data, (u16_t)bytes, 0) == ERR_OK && tcp_close(pcb) == ERR_OK;
    if (!strcmp(what, "close"))
        return tcp_close(pcb) == ERR_OK;
    if (!strcmp(what, "shutdown"))
        return tcp_shutdown(pcb, 0, 1) == ERR_OK;
    if (!strcmp(what, "abort")) {
        tcp_abort(pcb);
        return 1;
    }
    return 0;
}

static int obey(const char *line)
{
    char what[16], peer[64];
    unsigned own_port, peer_port, bytes = 0;

    if (sscanf(line, "listen %u", &own_port) == 1)
        return listen_on(own_port);
    if (sscanf(line, "connect %u %63s %u", &own_port, peer, &peer_port) == 3)
        return connect_to(own_port, peer, peer_port);
    if (sscanf(line, "%15s %u %u %u", what, &own_port, &peer_port, &bytes) >= 3)
        return act(what, own_port, peer_port, bytes);
    return 0;
}

int main(int count, char **arguments)
{
    static struct netif interface;
    ip4_addr_t own, mask, gateway = {0};
    char line[128];
    struct pollfd waiting[2];

    if (count != 3 || !ip4addr_aton(arguments[2], &own))
        return 2;
    cable = atoi(arguments[1]);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    setvbuf(stdin, NULL, _IONBF, 0);
    srand((unsigned)getpid());
    lwip_init();
    netif_add(&interface, &own, &mask, &gateway, NULL, set_up, ethernet_input);
    netif_set_default(&interface);
    netif_set_up(&interface);
    waiting[0] = (struct pollfd){cable, POLLIN, 0};
    waiting[1] = (struct pollfd){STDIN_FILENO, POLLIN, 0};
    for (;;) {
        poll(waiting, 2, TICK_MS);
        if (waiting[0].revents & POLLIN) {
            receive(&interface);
            look();
        }
        if (waiting[1].revents) {
            if (!fgets(line, sizeof line, stdin))
                return 0;
            puts(obey(line) ? "done" : "failed");
            look();
            fflush(stdout);
        }
        sys_check_timeouts();
        look();
    }
}
