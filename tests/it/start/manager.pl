# A service manager for one socket: listens, starts the command when a client comes, lends it the socket as descriptor 3, and
# prints what it is told. Arguments: the socket, the folder for the notify socket, then the command.
use strict;
use Socket;
use POSIX ();

my ($path, $folder, @command) = @ARGV;
$| = 1;
umask 0077;
$^F = 100;
(my $place = $path) =~ s{/[^/]*$}{};
mkdir $place;
unlink $path;
my ($listener, $words);
socket($listener, PF_UNIX, SOCK_STREAM, 0) && bind($listener, sockaddr_un($path)) && listen($listener, 128) or die "listen: $!";
unlink "$folder/notify";
socket($words, PF_UNIX, SOCK_DGRAM, 0) && bind($words, sockaddr_un("$folder/notify")) or die "notify: $!";
open my $lock, ">>", "$path.lock" or die "lock: $!";
close $lock;
print "listening\n";

my $child = 0;
my $is_ended = 0;
# What the child says and how it ends is told before we go.
$SIG{TERM} = sub { $is_ended = 1 };
until ($is_ended && !$child) {
    my $ready = "";
    vec($ready, fileno($words), 1) = 1;
    vec($ready, fileno($listener), 1) = 1 unless $child;
    # A signal leaves what was asked for as it was.
    $ready = "" if select($ready, undef, undef, 0.05) <= 0;
    if (vec($ready, fileno($words), 1) && defined recv($words, my $said, 4096, 0)) {
        print map { "told $_\n" } split /\n/, $said;
    }
    if ($child && waitpid($child, POSIX::WNOHANG()) == $child) {
        print "ended ", $? >> 8, "\n";
        $child = 0;
    }
    if (!$child && vec($ready, fileno($listener), 1)) {
        $child = fork;
        next if $child;
        POSIX::dup2(fileno($listener), 3);
        @ENV{"LISTEN_PID", "LISTEN_FDS", "NOTIFY_SOCKET"} = ($$, $ENV{FDS} // 1, "$folder/notify");
        exec @command;
        die "exec: $!";
    }
}
