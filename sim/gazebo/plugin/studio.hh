// Pictures of the robot from its camera, on demand, in Gazebo's rendering thread.
#ifndef JEPA_MPC_STUDIO_HH_
#define JEPA_MPC_STUDIO_HH_

#include <gazebo/common/Events.hh>
#include <gazebo/sensors/sensors.hh>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "arm.hh"

namespace jepa_mpc
{
struct Picture
{
  std::uint32_t width;
  std::uint32_t height;
  /// RGB, rows without padding.
  std::vector<std::uint8_t> pixels;
};

class Studio
{
public:
  using OnFrame = std::function<void(gazebo::common::Time, const Picture &)>;

  explicit Studio(std::string cameraName);

  /// A picture with the links shown at `shown`; afterwards they are shown at `actual` again. Throws std::runtime_error.
  Picture picture(const LinkPoses &shown, const LinkPoses &actual);

  /// From now on the camera takes pictures at its own rate; `onFrame` gets each, in the rendering thread.
  void stream(OnFrame onFrame);

private:
  struct Job
  {
    LinkPoses shown;
    LinkPoses actual;
  };

  void onRender();
  void show(const LinkPoses &poses);
  Picture take();

  const std::string cameraName_;
  gazebo::sensors::CameraSensorPtr sensor_;
  gazebo::event::ConnectionPtr rendering_;
  gazebo::event::ConnectionPtr frames_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Job> job_;
  std::optional<Picture> taken_;
  OnFrame onFrame_;
  bool isPosing_ = false;
};
}  // namespace jepa_mpc

#endif
