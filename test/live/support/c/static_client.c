/* SPDX-License-Identifier: Apache-2.0 */
/* static_client <port>: one HTTPS request to 127.0.0.1. To be linked with OpenSSL statically, and stripped. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static const char request[] = "GET /static?id=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	SSL *ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char answer[4096];

	address.sin_port = htons(atoi(argv[argc - 1]));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) || SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
		return 1;
	if (SSL_write(ssl, request, strlen(request)) <= 0)
		return 2;
	while (SSL_read(ssl, answer, sizeof(answer)) > 0)
		;
	close(fd);
	return 0;
}
